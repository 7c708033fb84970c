import { count, limitPassed, type Verdict, verdictAtEnd } from '../plan/verdict.ts';
import type { Rollout } from './rollout.ts';
import type { Track } from './track.ts';
import type { HookContext, HookName, Measure } from './types.ts';

/** One look at a rollout: hooks, measurements, and the steps that are due. */
export async function advance(rollout: Rollout, nowMs: number): Promise<void> {
  if (!rollout.isEnded) await look(rollout, nowMs);
  if (rollout.isEnded && !rollout.isClosed) {
    rollout.isClosed = true;
    await passes(rollout, 'post-rollout');
  }
  await tell(rollout);
}

async function look(rollout: Rollout, nowMs: number): Promise<void> {
  if (rollout.options.hooks?.rollback !== undefined && (await passes(rollout, 'rollback'))) {
    rollout.rollBack('the hook rollback said so');
  }
  if (rollout.phase === 'pending') await start(rollout, nowMs);
  if (rollout.phase !== 'running') return;
  if (!(await passesOrCounts(rollout, 'rollout'))) return;
  for (const track of rollout.tracks) {
    // A guardrail may have broken while a hook was waited for.
    if (rollout.phase !== 'running') return;
    if (!track.isDone) await move(rollout, track, nowMs);
  }
  if (rollout.phase !== 'running' || !rollout.tracks.every(({ isDone }) => isDone)) return;
  rollout.phase = 'succeeded';
  rollout.verdict = 'Successful';
  rollout.reason = 'every region serves the model, but for the holdback';
  rollout.emit({ kind: 'succeeded', verdict: 'Successful', reason: rollout.reason });
}

async function start(rollout: Rollout, nowMs: number): Promise<void> {
  if (!(await passes(rollout, 'confirm-rollout'))) return;
  if (!(await passesOrCounts(rollout, 'pre-rollout'))) return;
  if (rollout.phase !== 'pending') return;
  rollout.phase = 'running';
  for (const track of rollout.tracks) {
    track.enter(0, nowMs);
    rollout.emit({ kind: 'started', region: track.region, step: 0, share: track.share, reason: '' });
  }
}

/** Measures a region, and ends its step when everything is there that it needs. */
async function move(rollout: Rollout, track: Track, nowMs: number): Promise<void> {
  const limits = rollout.plan.analysis;
  const found = await measured(rollout, track, nowMs);
  count(track.tally, found);
  if (rollout.phase !== 'running') return;
  const passed = limitPassed(track.tally, limits);
  if (passed === 'Inconclusive')
    return rollout.pause(`${track.region}: too many looks were inconclusive`, passed);
  if (passed !== undefined)
    return rollout.rollBack(`${track.region}: too many looks ended with ${passed}`, passed);
  const { durationMs, needsApproval = false } = track.current;
  const overMs = nowMs - track.stepStartedMs - durationMs;
  if (overMs < 0 && !track.isApproved) return;
  const isUnknown =
    found === 'Error' || found === 'Inconclusive' || verdictAtEnd(track.tally, limits) === 'Inconclusive';
  const missing = isUnknown ? `a look that ended with ${found}, or too few successes in a row` : undefined;
  const nobody = needsApproval && !track.isApproved ? 'nobody who promoted it' : undefined;
  const why = track.lacks(nowMs) ?? missing ?? nobody;
  if (why !== undefined) return wait(rollout, track, { why, overMs });
  if (await mayGo(rollout, track)) step(rollout, track, nowMs);
}

/** It stays where it is: absence of evidence promotes nothing. */
function wait(
  rollout: Rollout,
  track: Track,
  { why, overMs }: { readonly why: string; readonly overMs: number },
): void {
  const { patienceMs } = rollout.plan;
  const reason = `${track.region} has ${why}`;
  if (patienceMs !== undefined && overMs > patienceMs) {
    rollout.pause(reason, 'Inconclusive');
    return;
  }
  // Said once, and not again while only the numbers change.
  const isNew = track.waitsFor === '';
  track.waitsFor = why;
  const at = { region: track.region, step: track.step, share: track.share };
  if (isNew) rollout.emit({ kind: 'waiting', ...at, verdict: 'Inconclusive', reason });
}

function step(rollout: Rollout, track: Track, nowMs: number): void {
  const { region } = track;
  if (track.next === undefined) {
    track.isDone = true;
    track.waitsFor = '';
    rollout.emit({ kind: 'region-done', region, share: track.share, verdict: 'Successful', reason: '' });
    return;
  }
  track.enter(track.step + 1, nowMs);
  const at = { region, step: track.step, share: track.share };
  rollout.emit({ kind: 'step', ...at, verdict: 'Successful', reason: '' });
}

/** The word of the hooks before the share grows, and before the end; whoever promotes by hand has spoken for them. */
async function mayGo(rollout: Rollout, track: Track): Promise<boolean> {
  const { next, region, step: at } = track;
  if (track.isApproved) return true;
  if (next !== undefined && next.share <= track.current.share) return true;
  const name = next === undefined ? 'confirm-promotion' : 'confirm-traffic-increase';
  const share = next === undefined ? {} : { share: next.share };
  return (await passes(rollout, name, { region, step: at, ...share })) && rollout.phase === 'running';
}

async function measured(rollout: Rollout, track: Track, nowMs: number): Promise<Verdict> {
  const own: Verdict = track.lacks(nowMs) === undefined ? 'Successful' : 'Inconclusive';
  const { measure } = rollout.options;
  if (measure === undefined) return own;
  const told = await answerOf(measure, { phase: rollout.phase, region: track.region, step: track.step });
  return told === 'Successful' ? own : told;
}

async function answerOf(measure: Measure, context: HookContext): Promise<Verdict> {
  try {
    return await measure(context);
  } catch {
    return 'Error';
  }
}

type At = Omit<HookContext, 'phase'>;

/** Whether a hook says yes; one that is not there does, except `rollback`. What throws says no. */
async function passes(rollout: Rollout, name: HookName, at: At = {}): Promise<boolean> {
  const hook = rollout.options.hooks?.[name];
  if (hook === undefined) return true;
  let failure = 'said no';
  try {
    if (await hook({ phase: rollout.phase, ...at })) return true;
  } catch (error) {
    failure = `threw: ${error instanceof Error ? error.message : String(error)}`;
  }
  // No is what `rollback` is expected to say. The same refusal is told of once, not at every look.
  const reason = `${name} ${failure}`;
  if (name !== 'rollback' && rollout.refusal !== reason) rollout.emit({ kind: 'hook-failed', ...at, reason });
  if (name !== 'rollback') rollout.refusal = reason;
  return false;
}

async function passesOrCounts(rollout: Rollout, name: 'pre-rollout' | 'rollout'): Promise<boolean> {
  if (await passes(rollout, name)) return true;
  rollout.hookFailures += 1;
  if (rollout.hookFailures >= rollout.plan.hookThreshold) {
    rollout.rollBack(`the hook ${name} failed ${rollout.hookFailures} times`);
  }
  return false;
}

/** Tells the hook `event`; whatever it answers changes nothing. */
async function tell(rollout: Rollout): Promise<void> {
  const hook = rollout.options.hooks?.event;
  if (hook === undefined) return;
  for (const event of rollout.untold.splice(0)) {
    try {
      await hook({ phase: rollout.phase, event });
    } catch {
      // It was told.
    }
  }
}
