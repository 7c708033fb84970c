import { PilotfishError } from '../../../base/index.ts';
import { allFinite, numberWithin } from '../../../learn/index.ts';
import type { KeptPolicy, PolicyDraft } from './policy-types.ts';

const MAX_ARMS = 1000;
const MAX_FEATURES = 100;
/** Numbers that a policy remembers, about: they are read and written at every choice, while nobody else is served. */
const MAX_NUMBERS = 50_000;

/** @throws PilotfishError `USAGE`, `LIMIT` for more arms and features than can be read at every choice. */
export function checkDraft(draft: PolicyDraft): PolicyDraft {
  const { policyId, arms, features, exploration = 0.1 } = draft;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(policyId)) {
    throw new PilotfishError(
      'USAGE',
      'a policyId has up to 40 letters, digits, ., _ and -, and begins with one of the first two',
    );
  }
  const isNames = (names: readonly string[], max: number): boolean =>
    Array.isArray(names) && names.length > 0 && names.length <= max && new Set(names).size === names.length;
  if (!isNames(arms, MAX_ARMS) || !isNames(features, MAX_FEATURES) || arms.length < 2) {
    throw new PilotfishError(
      'USAGE',
      `a policy has 2 to ${MAX_ARMS} arms and 1 to ${MAX_FEATURES} features, each with a name of its own`,
    );
  }
  numberWithin('exploration', exploration, [0, 1]);
  if (arms.length * features.length ** 2 > MAX_NUMBERS) {
    throw new PilotfishError(
      'LIMIT',
      `${arms.length} arms of ${features.length} features are too many: arms times features squared may be ${MAX_NUMBERS}`,
    );
  }
  return draft;
}

/** The numbers of a context in the order of the features. @throws PilotfishError `SHAPE`, `NOT_FINITE`. */
export function contextOf({ features }: KeptPolicy, context: Readonly<Record<string, number>>): number[] {
  const unknown = Object.keys(context ?? {}).find((name) => !features.includes(name));
  const lacks = features.find((name) => typeof context?.[name] !== 'number');
  if (unknown === undefined && lacks === undefined) {
    return [
      ...allFinite(
        'context',
        features.map((name) => context[name] as number),
      ),
    ];
  }
  throw new PilotfishError(
    'SHAPE',
    `the context has one number each of ${features.join(', ')}, and no other`,
  );
}

/** 1 for the legal arms, 0 for the others. @throws PilotfishError `USAGE` for an arm that there is not. */
export function maskOf({ arms }: KeptPolicy, legal: readonly string[]): number[] {
  const unknown = legal.find((arm) => !arms.includes(arm));
  if (unknown !== undefined)
    throw new PilotfishError('USAGE', `there is no arm ${unknown}; there are ${arms.join(', ')}`);
  return arms.map((arm) => Number(legal.includes(arm)));
}
