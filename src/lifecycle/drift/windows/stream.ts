import { PilotfishError } from '../../../base/index.ts';
import { psiThreshold } from '../../../learn/index.ts';
import type { DriftSeverity, DriftType } from '../types.ts';
import type { DriftBaseline } from './baseline.ts';
import { criticalDistance, distancePValue, type Level, pValueOf } from './budget.ts';
import { type Finding, type Judge, type SavedStream, severityOf, severityRank } from './finding.ts';
import { History } from './history.ts';
import { type Rate, ratePValue } from './rates.ts';
import { BlockSums, type SumsOfWindow } from './sums.ts';
import { WindowTower } from './tower.ts';

/** Error of a distance at 95 % one-sided: Kolmogorov's and the normal law's. */
const DISTANCE_ERROR = 1.3581;
const RATE_ERROR = 1.6449;
const PSI_ALPHA = 0.05;

/**
 * One stream against its baseline. A drift is told once, and again when it grows more severe; it is over when no size of
 * window differs any more. Until a window is full nothing is said.
 */
export class DriftStream {
  readonly type: DriftType;
  readonly name: string;
  readonly baseline: DriftBaseline;
  readonly history: History;
  readonly #judge: Judge;
  readonly #tower: WindowTower;
  readonly #sums: BlockSums;
  readonly #block: Float64Array;
  readonly #codes: Uint16Array;
  /** By size: what a comparison may spend, and the p-value that keeps to it. */
  readonly #shares: Float64Array;
  readonly #pValues: Float64Array;
  readonly #critical: Float64Array;
  /** By size, whether its last window differed. */
  readonly #differs: Uint8Array;
  #filled = 0;
  #taken = 0;
  #isBinary: boolean;
  #open: { severity: DriftSeverity; sinceMs: number } | undefined;

  constructor(
    name: string,
    { type, baseline, judge }: { type: DriftType; baseline: DriftBaseline; judge: Judge },
  ) {
    const { half, sizes } = judge;
    this.type = type;
    this.name = name;
    this.baseline = baseline;
    this.history = new History(judge.clock);
    this.#judge = judge;
    this.#tower = new WindowTower(baseline.below, { half, sizes });
    this.#sums = new BlockSums(baseline, { half, blocks: 2 ** sizes });
    this.#block = new Float64Array(half);
    this.#codes = new Uint16Array(half);
    this.#shares = new Float64Array(sizes);
    this.#pValues = new Float64Array(sizes);
    this.#critical = new Float64Array(sizes).fill(1);
    this.#differs = new Uint8Array(sizes);
    this.#isBinary = baseline.isBinary;
  }

  /** Values so far. */
  get count(): number {
    return this.#taken + this.#filled;
  }

  /** The drift that goes on. */
  get open(): { readonly severity: DriftSeverity; readonly sinceMs: number } | undefined {
    return this.#open;
  }

  /** By size of window: values, chance of a false alarm, and the least distance that is certain enough. */
  get sizes(): { readonly windowSize: number; readonly pValue: number; readonly critical: number }[] {
    return Array.from(this.#pValues, (pValue, at) => ({
      ...{ windowSize: this.#windowSize(at), pValue, critical: this.#critical[at] as number },
    }));
  }

  /** What each size may spend. */
  setLevels(levels: readonly Level[], critical = criticalDistance): void {
    levels.forEach(({ share, pValue }, at) => {
      this.#shares[at] = share;
      this.#pValues[at] = pValue;
      this.#critical[at] = critical([this.#windowSize(at), this.baseline.count], pValue);
      this.#tower.needed[at] = this.#isBinary ? 0 : (this.#critical[at] as number);
    });
  }

  /**
   * Takes a value. @returns what it completed the evidence of
   * @throws PilotfishError `NOT_FINITE`; then it was not taken.
   */
  add(value: number): Finding | undefined {
    if (!Number.isFinite(value)) throw notFinite(this.name, value);
    return this.put(value);
  }

  /** The same for a value that was looked at. */
  put(value: number): Finding | undefined {
    this.#block[this.#filled] = value;
    this.#filled += 1;
    return this.#filled === this.#block.length ? this.#complete() : undefined;
  }

  #complete(): Finding | undefined {
    const block = this.#block;
    const codes = this.#codes;
    for (let i = 0; i < block.length; i += 1) {
      const value = block[i] as number;
      codes[i] = this.baseline.codeOf(value);
      if (this.#isBinary && value !== 0 && value !== 1) this.#isBinary = false;
    }
    this.#taken += this.#filled;
    this.#filled = 0;
    this.#sums.add(block);
    this.#tower.add(codes);
    return this.#compare();
  }

  /** Judges every size whose window is complete; of several that differ the most severe. */
  #compare(): Finding | undefined {
    const { distances } = this.#tower;
    let worst = -1;
    let worstDistance = 0;
    for (let at = 0; at < distances.length; at += 1) {
      if (Number.isNaN(distances[at])) continue;
      const isCertain = this.#isCertain(at);
      const differs = isCertain && (distances[at] as number) >= this.#judge.floor;
      this.#differs[at] = +differs;
      this.history.add(distances, at, this.#windowSize(at), isCertain);
      if (!differs) continue;
      const sure = this.#atLeast(at, distances[at] as number);
      if (worst < 0 || sure > worstDistance) [worst, worstDistance] = [at, sure];
    }
    if (worst < 0) {
      if (this.#open !== undefined && !this.#differs.includes(1)) this.#open = undefined;
      return undefined;
    }
    return this.#tell(worst, distances[worst] as number);
  }

  #isCertain(at: number): boolean {
    const { credit } = this.#judge;
    const wanted = this.#shares[at] as number;
    const granted = credit === undefined ? wanted : credit.spend(wanted);
    const distance = this.#tower.distances[at] as number;
    if (!this.#isBinary && distance < (this.#critical[at] as number)) return false;
    if (this.type === 'concept' && this.#meanOf(at) <= this.baseline.mean) return false;
    if (!this.#isBinary && granted === wanted) return true;
    // Asked only where it could matter, and where less was left than it wanted.
    const windows = this.baseline.count / this.#windowSize(0);
    const level = granted === wanted ? (this.#pValues[at] as number) : pValueOf(granted, windows);
    return this.#pValue(at, distance) <= level;
  }

  #pValue(at: number, distance: number): number {
    const count = this.#windowSize(at);
    if (!this.#isBinary) return distancePValue(distance, [count, this.baseline.count]);
    return ratePValue(this.#rateOf(at), this.#baselineRate(), this.type === 'concept' ? 'rise' : 'both');
  }

  #tell(at: number, distance: number): Finding | undefined {
    const atLeast = this.#atLeast(at, distance);
    const severity = severityOf(atLeast, this.#judge.severities);
    const before = this.#open;
    if (before !== undefined && severityRank(severity) <= severityRank(before.severity)) return undefined;
    const timeMs = this.#judge.clock.nowMs();
    this.#open = { severity, sinceMs: before?.sinceMs ?? timeMs };
    this.history.alarm();
    return {
      ...{ type: this.type, name: this.name, severity, distance, atLeast, timeMs },
      ...{ pValue: this.#pValue(at, distance), method: this.#isBinary ? 'fisher' : 'ks' },
      ...{ psi: this.#psi(at), psiLimit: this.#psiLimit(at), sums: this.#sums.of(2 ** (at + 1)) },
    };
  }

  /** The distance less its error. */
  #atLeast(at: number, distance: number): number {
    const root = Math.sqrt(1 / this.#windowSize(at) + 1 / this.baseline.count);
    if (!this.#isBinary) return Math.max(0, distance - DISTANCE_ERROR * root);
    const [now, was] = [this.#rateOf(at), this.#baselineRate()];
    const pooled = (now.ones + was.ones) / (now.count + was.count);
    return Math.max(0, distance - RATE_ERROR * root * Math.sqrt(pooled * (1 - pooled)));
  }

  /** Population stability index over the quantile bins of the baseline. */
  #psi(at: number): number {
    const { quantiles, values } = this.baseline;
    const counts = new Float64Array(quantiles.counts.length);
    const distinct = values.filter((value, i) => i === 0 || value !== values[i - 1]);
    this.#tower.visit(at, (code) => {
      // Between two values of the baseline, and above all of them, it lies in the bin of the next.
      const j = code >> 1;
      const isKnown = code % 2 === 1 || !quantiles.isCategorical;
      const bin = isKnown && j < distinct.length ? quantiles.binOf(distinct[j] as number) : counts.length - 1;
      counts[bin] = (counts[bin] as number) + 1;
    });
    return quantiles.psiOf(counts, this.#windowSize(at));
  }

  /** What the index without drift exceeds in one of twenty. */
  #psiLimit(at: number): number {
    const { quantiles, count } = this.baseline;
    const bins = quantiles.counts.length;
    return psiThreshold({ baselineCount: count, windowCount: this.#windowSize(at), bins, alpha: PSI_ALPHA });
  }

  #windowSize(at: number): number {
    return this.#judge.half * 2 ** (at + 1);
  }

  #meanOf(at: number): number {
    return this.#sums.sumOf(2 ** (at + 1)) / this.#windowSize(at);
  }

  #rateOf(at: number): Rate {
    return { ones: Math.round(this.#sums.sumOf(2 ** (at + 1))), count: this.#windowSize(at) };
  }

  #baselineRate(): Rate {
    const { count, mean } = this.baseline;
    return { ones: Math.round(mean * count), count };
  }

  /** What the largest window that is full says. */
  current(): SumsOfWindow | undefined {
    for (let at = this.#shares.length - 1; at >= 0; at -= 1) {
      if (this.#tower.isFull(at)) return this.#sums.of(2 ** (at + 1));
    }
    return undefined;
  }

  /** The distance of the last window of the smallest size; undefined before the first. */
  get distance(): number | undefined {
    return this.#tower.isFull(0) ? this.#tower.distanceOf(0) : undefined;
  }

  snapshot(): SavedStream {
    return {
      tower: this.#tower.snapshot(),
      sums: this.#sums.snapshot(),
      block: this.#block.slice(0, this.#filled),
      taken: this.#taken,
      isBinary: this.#isBinary,
      differs: [...this.#differs],
      open: this.#open,
      history: this.history.snapshot(),
    };
  }

  /** Goes on where another was; one that does not fit, as after another window size, leaves it empty. */
  restore(saved: SavedStream): void {
    const fits =
      saved.block.length < this.#block.length &&
      saved.differs.length === this.#differs.length &&
      this.#tower.restore(saved.tower) &&
      this.#sums.restore(saved.sums);
    if (!fits) {
      this.#tower.clear();
      return;
    }
    this.#block.set(saved.block);
    this.#filled = saved.block.length;
    this.#taken = saved.taken;
    this.#isBinary = saved.isBinary;
    this.#differs.set(saved.differs);
    this.#open = saved.open;
    this.history.restore(saved.history);
  }
}

export const notFinite = (name: string, value: number): PilotfishError =>
  new PilotfishError('NOT_FINITE', `"${name}" is ${value}: give a finite number, or leave it out`);
