import { PilotfishError } from '../../base/index.ts';
import type { FeatureSlot } from '../contract/index.ts';

/** What the net answers from, beside its weights. */
export type Head = { readonly target: 'label' | 'cost'; readonly features: readonly FeatureSlot[] };

/** Name of its file in an artefact. */
export const HEAD_FILE = 'predictor.json';

export function headBytes({ target, features }: Head): Uint8Array {
  return Buffer.from(`${JSON.stringify({ target, features })}\n`);
}

/** @throws PilotfishError `DAMAGED` for what is no head. */
export function readHead(bytes: Uint8Array): Head {
  let value: Partial<Head>;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = (JSON.parse(text) ?? {}) as Partial<Head>;
  } catch (error) {
    throw new PilotfishError('DAMAGED', 'the head of the model is no JSON; train it again', { cause: error });
  }
  const { target, features } = value;
  const isSlot = (slot: Partial<FeatureSlot>): boolean =>
    typeof slot?.name === 'string' && Number.isFinite(slot.neutral);
  if ((target === 'label' || target === 'cost') && Array.isArray(features) && features.every(isSlot)) {
    return { target, features };
  }
  throw new PilotfishError('DAMAGED', 'the head of the model is none; train it again');
}
