import { type Clock, PilotfishError } from '../../../base/index.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import type { RolloutPlan } from '../plan/plan.ts';
import type { Verdict } from '../plan/verdict.ts';
import { advance } from './advance.ts';
import { Track, type TrackReport } from './track.ts';
import {
  type Control,
  type Evidence,
  isEnded,
  type Measure,
  type Phase,
  type RolloutEvent,
  type RolloutHooks,
} from './types.ts';

export type RolloutOptions = {
  readonly clock: Clock;
  readonly hooks?: RolloutHooks;
  readonly measure?: Measure;
  /** Told of every event, at once. */
  readonly onEvent?: (event: RolloutEvent) => void;
};

/** Where a rollout stands, for people. */
export type RolloutReport = {
  readonly plan: string;
  readonly phase: Phase;
  readonly verdict: Verdict | undefined;
  readonly reason: string;
  readonly tracks: readonly TrackReport[];
};

/** Events that wait for the hook that is told of them. */
const MAX_UNTOLD = 1000;

/**
 * A model on its way from shadow to everyone. Decisions are observed as they are settled, and a guardrail that breaks
 * ends it at once: the next decision is the rule's. Steps are taken by `advance`, which someone calls now and then.
 * The same calls at the same times give the same rollout.
 *
 * @example
 * const rollout = new Rollout(STANDARD_PLAN, { clock });
 * await rollout.advance();                                   // starts
 * rollout.region('default').observe(0, true, 0.05, cost);    // a decision the model made
 */
export class Rollout {
  readonly plan: CheckedPlan;
  readonly tracks: readonly Track[];
  readonly options: RolloutOptions;
  verdict: Verdict | undefined;
  reason = '';
  /** Of the hooks that count towards rollback. */
  hookFailures = 0;
  /** Whether the hook `post-rollout` was asked. */
  isClosed = false;
  /** What a hook refused last. */
  refusal = '';
  /** Events that the hook `event` was not told of yet. */
  readonly untold: RolloutEvent[] = [];
  #phase: Phase = 'pending';
  #epoch = 0;
  #pausedMs: number | undefined;
  #lastMs: number;

  /** @throws PilotfishError `USAGE` for a plan that makes no sense. */
  constructor(plan: RolloutPlan, options: RolloutOptions) {
    this.plan = checkPlan(plan);
    this.options = options;
    this.#lastMs = options.clock.nowMs();
    this.tracks = this.plan.regions.map(
      (region) => new Track(this.plan, region, (reason) => this.rollBack(reason, 'Failed')),
    );
  }

  /** @throws PilotfishError `MISSING`. */
  region(name: string): Track {
    const track = this.tracks.find(({ region }) => region === name);
    if (track !== undefined) return track;
    const known = this.plan.regions.join(', ');
    throw new PilotfishError('MISSING', `the plan has no region ${name}: it has ${known}`);
  }

  get phase(): Phase {
    return this.#phase;
  }

  set phase(phase: Phase) {
    this.#phase = phase;
    this.#epoch += 1;
  }

  /** Whether it is over; what succeeded is watched on. */
  get isEnded(): boolean {
    return isEnded(this.phase);
  }

  /** Probability of the model to make a decision there, now. */
  shareOf(track: Track): number {
    return this.phase === 'pending' || this.phase === 'rolled-back' ? 0 : track.share;
  }

  /** Another number whenever `shareOf` may be another: what is looked at for every decision. */
  epochOf(track: Track): number {
    return this.#epoch + track.epoch;
  }

  /** Whether the model is asked there without being heard, now. */
  isShadow(track: Track): boolean {
    return (this.phase === 'running' || this.phase === 'paused') && track.current.share === 0;
  }

  /** Looks, asks the hooks, and takes the steps that are due. @throws PilotfishError `CHANGED` when time went back. */
  async advance(): Promise<void> {
    await advance(this, this.time());
  }

  /** Stays at its shares until resumed; observed on, and rolled back when need be. @throws PilotfishError `REFUSED`. */
  pause(reason: string, verdict?: Verdict): void {
    this.#refuseEnded('pause');
    if (this.phase === 'paused') return;
    this.#pausedMs = this.time();
    this.phase = 'paused';
    this.verdict = verdict;
    this.reason = reason;
    this.emit({ kind: 'paused', reason, ...(verdict === undefined ? {} : { verdict }) });
  }

  /** Goes on; the time it paused does not count. @throws PilotfishError `REFUSED` when it is not paused. */
  resume(reason = ''): void {
    if (this.phase !== 'paused') throw refused(`resume: it is ${this.phase}`);
    const pausedMs = this.time() - (this.#pausedMs ?? this.#lastMs);
    this.#pausedMs = undefined;
    // Paused before its start, it starts now.
    const hasStarted = this.tracks.some(({ stepStartedMs }) => stepStartedMs > 0);
    for (const track of this.tracks) {
      if (hasStarted) track.stepStartedMs += pausedMs;
      track.waitsFor = '';
    }
    this.phase = hasStarted ? 'running' : 'pending';
    this.verdict = undefined;
    this.reason = reason;
    this.emit({ kind: 'resumed', reason });
  }

  /**
   * Ends the present step at the next look, before its time and without the hooks' word; not without its evidence.
   * @throws PilotfishError `REFUSED` when that lacks, or it does not run.
   */
  promote(reason = '', regions: readonly string[] = this.plan.regions): void {
    if (this.phase !== 'running') throw refused(`promote: it is ${this.phase}`);
    const nowMs = this.time();
    const tracks = regions.map((name) => this.region(name)).filter(({ isDone }) => !isDone);
    for (const track of tracks) {
      const lacks = track.lacks(nowMs);
      if (lacks !== undefined) throw refused(`promote: ${track.region} has ${lacks}. Wait for more`);
    }
    for (const track of tracks) {
      track.isApproved = true;
      this.emit({ kind: 'approved', region: track.region, step: track.step, reason });
    }
  }

  /** The model makes no more decisions, from the next one on. Nothing happens when that is so already. */
  rollBack(reason: string, verdict: Verdict = 'Failed'): void {
    if (this.phase === 'rolled-back') return;
    this.phase = 'rolled-back';
    this.verdict = verdict;
    this.reason = reason;
    this.emit({ kind: 'rolled-back', reason, verdict });
  }

  report(): RolloutReport {
    const { plan, phase, verdict, reason } = this;
    return { plan: plan.name, phase, verdict, reason, tracks: this.tracks.map((track) => track.report()) };
  }

  control(): Control {
    return {
      ...{ phase: this.phase, verdict: this.verdict ?? null, reason: this.reason },
      ...{ pausedMs: this.#pausedMs ?? null, lastMs: this.#lastMs },
      ...{ hookFailures: this.hookFailures, isClosed: this.isClosed },
      tracks: this.tracks.map((track) => track.control()),
    };
  }

  evidence(): Evidence {
    return { tracks: this.tracks.map((track) => track.evidence()) };
  }

  /** Takes over what someone else commanded meanwhile: where it stands, but not its steps, which are taken here. */
  adopt(control: Control): void {
    if (this.isEnded && control.phase !== 'rolled-back') return;
    if (this.phase === 'rolled-back') return;
    // One that was paused before its start, and resumed, may have started here.
    if (control.phase !== 'pending') this.phase = control.phase;
    this.verdict = control.verdict ?? undefined;
    this.reason = control.reason;
    this.#pausedMs = control.pausedMs ?? undefined;
    this.#lastMs = Math.max(this.#lastMs, control.lastMs);
    for (const [i, track] of this.tracks.entries()) {
      const from = control.tracks[i];
      if (from?.step === track.step) track.adopt(from);
    }
  }

  /** Goes on where it stood. @throws PilotfishError `DAMAGED`. */
  static restore(
    plan: RolloutPlan,
    [control, evidence]: [Control, Evidence],
    options: RolloutOptions,
  ): Rollout {
    const rollout = new Rollout(plan, options);
    if (control.tracks.length !== rollout.tracks.length) {
      throw new PilotfishError('DAMAGED', 'the state is not of this plan: restore a backup');
    }
    rollout.#phase = control.phase;
    rollout.verdict = control.verdict ?? undefined;
    rollout.reason = control.reason;
    rollout.#pausedMs = control.pausedMs ?? undefined;
    // Time is what was seen last, not what the clock says: a clock that went back is noticed.
    rollout.#lastMs = control.lastMs;
    rollout.hookFailures = control.hookFailures;
    rollout.isClosed = control.isClosed;
    for (const [i, track] of rollout.tracks.entries()) {
      track.adopt(control.tracks[i] as Control['tracks'][number]);
      track.restore(evidence.tracks[i] as Evidence['tracks'][number]);
    }
    return rollout;
  }

  /** Now. @throws PilotfishError `CHANGED` when that is before what was seen. */
  time(): number {
    const nowMs = this.options.clock.nowMs();
    if (nowMs < this.#lastMs) {
      throw new PilotfishError(
        'CHANGED',
        `the clock went back by ${this.#lastMs - nowMs} ms, and steps are measured by it: set it right; nothing was changed`,
      );
    }
    this.#lastMs = nowMs;
    return nowMs;
  }

  emit(event: Omit<RolloutEvent, 'timeMs'>): void {
    // A rollback happens whatever the clock does.
    const told = { ...event, timeMs: Math.max(this.#lastMs, this.options.clock.nowMs()) };
    if (this.options.hooks?.event !== undefined && this.untold.length < MAX_UNTOLD) this.untold.push(told);
    this.options.onEvent?.(told);
  }

  #refuseEnded(what: string): void {
    if (this.isEnded) throw refused(`${what}: it is ${this.phase}`);
  }
}

const refused = (what: string): PilotfishError => new PilotfishError('REFUSED', `the rollout cannot ${what}`);
