import { FastRng, seededBytes } from '../../../base/index.ts';
import { house } from '../../registry/testing/house.ts';
import { DriftDetector } from '../detector.ts';
import type { DriftOptions } from '../options.ts';

/** A detector on a registry in memory, with a clock that stands still and the lines of its log. */
export function scene(options: DriftOptions = {}, windowSize = 200) {
  const { state, clock, registry } = house();
  const random = seededBytes(5);
  const lines: string[] = [];
  const log = { write: (_level: string, message: string) => void lines.push(message) };
  const open = (more: DriftOptions = {}) =>
    new DriftDetector(state, 0.05, windowSize, {
      clock,
      random,
      log,
      audit: registry.audit,
      ...options,
      ...more,
    });
  return { state, clock, registry, lines, open, detector: open() };
}

/** Standard normal values, moved. */
export const normals = (seed: number, count: number, shift = 0): number[] => {
  const rng = new FastRng(seed);
  return Array.from({ length: count }, () => rng.normal() + shift);
};

export const record = (detector: DriftDetector, name: string, values: readonly number[]): void => {
  for (const value of values) detector.recordFeature(name, value);
};
