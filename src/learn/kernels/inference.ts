import { wholeNumber } from '../contract/index.ts';
import { INFERENCE_WASM } from './inference-wasm.ts';
import { KernelModule } from './memory.ts';

/** What assembly/inference.ts exports; arguments are byte offsets and counts. */
export type InferenceExports = {
  mlp(plan: number, control: number, rows: number): number;
  lstm(plan: number, control: number, x: number, steps: number): number;
  head(plan: number, control: number): number;
  candidates(plan: number, control: number, count: number): number;
  softmax(values: number, count: number, target: number): void;
};

export const INFERENCE = new KernelModule('inference', INFERENCE_WASM);

/** As `wholeNumber`, for calls that must not allocate, not even the pair of bounds. */
export function checkCount(name: string, value: number, least: number, most: number): void {
  const isFine = Number.isInteger(value) && value >= least && value <= most;
  if (!isFine) wholeNumber(name, value, [least, most]);
}
