import { PilotfishError } from '../../base/index.ts';
import { wholeNumber } from '../../learn/index.ts';
import { MAX_VERSIONS, VERSION_NAME } from './sources/source.ts';

/**
 * Which versions of a model may be asked for: the current one, the newest so many, all, or one for good. Where a caller
 * names none the current one answers.
 */
export type VersionPolicy = 'latest' | 'all' | { readonly newest: number } | { readonly version: string };

/** @throws PilotfishError `USAGE` for what is no policy. */
export function checkPolicy(policy: VersionPolicy): VersionPolicy {
  if (policy === 'latest' || policy === 'all') return policy;
  if (typeof policy === 'object' && policy !== null) {
    if ('version' in policy && VERSION_NAME.test(policy.version)) return policy;
    if ('newest' in policy) {
      wholeNumber('newest', policy.newest, [1, MAX_VERSIONS]);
      return policy;
    }
  }
  throw new PilotfishError('USAGE', "a version policy is 'latest', 'all', { newest: N } or { version: 'V' }");
}

/**
 * Which versions of one model there are, which is current, and which were before: a log of promotions, so that two
 * rollbacks go back two promotions. What was current when rolled back from does not return by itself: only a version that
 * was never seen before, or a promotion, takes its place.
 */
export class VersionManager {
  readonly policy: VersionPolicy;
  /** Oldest first. */
  #known: string[] = [];
  /** Promotions, the current version last. */
  #log: string[] = [];
  readonly #refused = new Set<string>();
  #listed: ReadonlySet<string> = new Set();
  /** What a source that chooses lists no more: rolled back from there, or found damaged. */
  #takenBack: ReadonlySet<string> = new Set();

  /** @throws PilotfishError `USAGE` for what is no policy. */
  constructor(policy: VersionPolicy = 'latest') {
    this.policy = checkPolicy(policy);
  }

  /** What answers where no version is named. */
  get current(): string | undefined {
    return this.#log.at(-1);
  }

  /** What a rollback goes back to. */
  get previous(): string | undefined {
    return this.#log.at(-2);
  }

  /** Every version that is known and not refused, oldest first. */
  get versions(): readonly string[] {
    return this.#known.filter((version) => !this.#refused.has(version));
  }

  /** Versions that may be asked for by name, oldest first. */
  get served(): readonly string[] {
    const { policy, current, versions } = this;
    if (policy === 'all') return versions;
    const count = typeof policy === 'object' && 'newest' in policy ? policy.newest : 0;
    const newest = new Set(count === 0 ? [] : versions.slice(-count));
    return versions.filter((version) => version === current || newest.has(version));
  }

  /** The only version that may be served, where the policy names one. */
  get #fixed(): string | undefined {
    return typeof this.policy === 'object' && 'version' in this.policy ? this.policy.version : undefined;
  }

  isKnown(version: string): boolean {
    return this.#known.includes(version);
  }

  /** Whether its bytes must be at hand: it is served, or a rollback away. */
  isWanted(version: string): boolean {
    return version === this.previous || this.served.includes(version);
  }

  /**
   * Takes in what a source lists, oldest first, and which version it has chosen, if any; versions that were refused get
   * another chance. While nothing is current the listing is the history, and the chosen or the last is current.
   * @returns the version to promote: the chosen one, or where none is the newest of those never seen.
   */
  list(versions: readonly string[], chosen?: string): string | undefined {
    const fresh = versions.filter((version) => !this.#known.includes(version));
    const kept = this.#known.filter((version) => versions.includes(version) || this.#log.includes(version));
    this.#known = [...kept, ...fresh].slice(-MAX_VERSIONS);
    this.#refused.clear();
    if (chosen !== undefined) {
      const once = [...this.#listed, ...this.#takenBack];
      this.#takenBack = new Set(once.filter((each) => !versions.includes(each) && this.#log.includes(each)));
    }
    this.#listed = new Set(versions);
    const wanted = this.#fixed ?? chosen;
    if (this.current === undefined) {
      const others = this.#known.filter((version) => version !== wanted && this.#fixed === undefined);
      this.#log = wanted !== undefined && this.isKnown(wanted) ? [...others, wanted] : others;
      return undefined;
    }
    if (wanted === undefined) return fresh.at(-1);
    return wanted !== this.current && this.isKnown(wanted) ? wanted : undefined;
  }

  /** Makes a version current that loaded. @throws PilotfishError `REFUSED` under another version's policy. */
  promote(version: string): void {
    this.requirePromotable(version);
    this.#refused.delete(version);
    if (!this.#known.includes(version)) this.#known = [...this.#known, version].slice(-MAX_VERSIONS);
    if (version === this.current) return;
    // Nobody goes back to what was taken back.
    const kept = this.#log.filter((each) => each === version || !this.#takenBack.has(each));
    this.#log = withoutRepeats([...kept, version]).slice(-MAX_VERSIONS);
  }

  /** @throws PilotfishError `REFUSED` under a policy that fixes another version. */
  requirePromotable(version: string): void {
    const fixed = this.#fixed;
    if (fixed === undefined || fixed === version) return;
    throw new PilotfishError('REFUSED', `version ${fixed} is fixed by policy; change the policy first`);
  }

  /** Goes back one promotion. @throws PilotfishError `MISSING` when there is none. */
  rollback(): string {
    const { previous } = this;
    if (previous === undefined)
      throw new PilotfishError('MISSING', 'there is no version before this one; train one');
    this.#log.pop();
    return previous;
  }

  /** Nothing is to answer any more, nor to be gone back to, until a listing says otherwise. */
  withdraw(): void {
    this.#known = [];
    this.#log = [];
    this.#refused.clear();
  }

  /** As if a version that is not current had never been seen: another listing brings it again. */
  forget(version: string): void {
    if (!this.#log.includes(version)) this.#known = this.#known.filter((each) => each !== version);
  }

  /** A version that cannot be loaded is no longer current, nor gone back to. */
  refuse(version: string): void {
    if (this.isKnown(version)) this.#refused.add(version);
    this.#log = withoutRepeats(this.#log.filter((each) => each !== version));
  }
}

/** A promotion of what is current already is none. */
const withoutRepeats = (log: readonly string[]): string[] =>
  log.filter((version, at) => version !== log[at - 1]);
