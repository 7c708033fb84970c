// What a rollout costs where decisions are made, and how soon a rollback is known.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FastRng, ManualClock, systemClock } from '../../../src/base/index.ts';
import type { CodecQuestion, CodecReceipt } from '../../../src/blocks/index.ts';
import {
  type CodecSettlement,
  type CodecValue,
  codecRoom,
  Guard,
  type RoomModel,
} from '../../../src/decisions/index.ts';
import {
  codecCost,
  codecQuestions,
  openRegistry,
  type RegistryDirectory,
  Rollout,
  RolloutManager,
  type RolloutPlan,
  RoomRollout,
  STANDARD_PLAN,
} from '../../../src/lifecycle/index.ts';

const question: CodecQuestion = {
  ...{ number: 1, rawBytes: 65_536, fileKind: 2, fileOffsetBytes: 0, isLeaf: true, siblingRatio: 0.4 },
  ...{ sampleEntropyBits: 5, probeRatio: 0.6, linkBitsPerSecond: 1e8, cpuPressure: 0 },
};
const model: RoomModel<CodecQuestion, CodecValue> = { version: 'codec@2', choose: () => 'lz4' };
const block: CodecReceipt = {
  ...{ number: 1, blockId: 'a', rawBytes: 65_536, storedAs: 'lz4', bytes: 30_000, seconds: 1e-4 },
};

/** The last step, or a step and then the last. */
const planAt = (share: number): RolloutPlan => ({
  ...STANDARD_PLAN,
  steps: [share, 1].map((each) => ({
    share: each,
    durationMs: 1e12,
    minEvidence: { model: 1, rule: each === 0 ? 0 : 1 },
  })),
});

/** A codec room in a step of this share; `settle` gives its last decision what it came to. */
async function roomAt(share: number, clock = new ManualClock()) {
  const listeners = new Set<Parameters<ConstructorParameters<typeof RoomRollout>[0]['onEvent']>[0]>();
  const rollout = new Rollout(planAt(share), {
    clock,
    onEvent: (event) => {
      for (const listener of listeners) listener(event);
    },
  });
  await rollout.advance();
  const source = {
    ...{
      key: 'bench',
      rollout,
      shareOf: rollout.shareOf.bind(rollout),
      epochOf: rollout.epochOf.bind(rollout),
    },
    onEvent: (listener: Parameters<typeof listeners.add>[0]) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return new RoomRollout<CodecQuestion, CodecValue, CodecSettlement>(source, {
    ...{ room: codecRoom, model, clock: systemClock, questions: codecQuestions },
    measures: { cost: codecCost },
  });
}

/** Processor time of one call in nanoseconds: the least of a few rounds. */
function nanoseconds(call: () => void): number {
  const calls = 1_000_000;
  for (let i = 0; i < calls / 4; i += 1) call();
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 9; round += 1) {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i += 1) call();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, ((user + system) * 1000) / calls);
  }
  return least;
}

/** What a decision costs: of the rule alone, in shadow, and in the canary. */
export async function costOfDeciding() {
  const plain = new Guard({ room: codecRoom, clock: systemClock });
  const [shadow, canary] = [await roomAt(0), await roomAt(0.05)];
  const rule = nanoseconds(() => plain.ask(question));
  const inShadow = nanoseconds(() => {
    shadow.guard.ask(question);
    shadow.ring.take();
  });
  const hint = { ...plain.ask(question) };
  const push = nanoseconds(() => {
    shadow.ring.push(question, hint);
    shadow.ring.take();
  });
  return { rule, inShadow, push, inCanary: nanoseconds(() => canary.guard.ask(question)) };
}

/** Decisions of the model after the one whose receipt broke the guardrail: the most over some rollouts. */
export async function decisionsAfterBreach(runs: number): Promise<number> {
  let most = 0;
  for (let run = 0; run < runs; run += 1) {
    const room = await roomAt(0.05 + (0.9 * run) / runs);
    const rng = new FastRng(run);
    let after = 0;
    for (let i = 0; i < 30_000 && after === 0; i += 1) {
      const { decisionId, source } = room.guard.ask(question);
      const bytes = source === 'heuristic' ? 20_000 : 40_000 + 20_000 * rng.next();
      room.guard.settle({ decisionId, ok: true, bytes, seconds: 0, question, block: { ...block, bytes } });
      if (room.guard.breaker.opened > 0) {
        for (let k = 0; k < 100; k += 1) if (room.guard.ask(question).source !== 'heuristic') after += 1;
        break;
      }
    }
    most = Math.max(most, after);
  }
  return most;
}

/** Milliseconds from the decision that breaks a guardrail until it is on disk and the registry knows. */
export async function rollbackTimes(runs: number): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pilotfish-rollback-'));
  const directory = openRegistry(join(folder, 'data'));
  try {
    const times: number[] = [];
    for (let run = 0; run < runs; run += 1) times.push(await rollbackTime(directory, run));
    return times;
  } finally {
    await directory.close();
    rmSync(folder, { recursive: true });
  }
}

async function rollbackTime({ state, registry }: RegistryDirectory, run: number): Promise<number> {
  const metadata = { name: `codec-${run}`, version: 'v1', algorithm: 'trees', framework: 'pilotfish' };
  const id = await registry.registerModel(metadata, Buffer.from(`model ${run}`));
  await registry.promoteModel(id, 'testing');
  const evidence = [{ kind: 'evaluation', passed: true, summary: 'as it must be' }];
  await registry.promoteModel(id, 'staging', { evidence });
  const rollouts = new RolloutManager(state, registry);
  const started = await rollouts.start({ model: { modelId: id }, plan: planAt(0.5) });
  const live = await rollouts.attach(started.id);
  await live.advance();
  const track = live.region('default');
  let startedMs = 0;
  for (let i = 0; live.rollout.phase === 'running'; i += 1) {
    startedMs = performance.now();
    track.observe(0, i % 2 === 0, 0.5, i % 2 === 0 ? 1.5 : 0.5);
  }
  await live.settled();
  return performance.now() - startedMs;
}
