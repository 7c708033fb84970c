/**
 * What serving costs within one process: the path through a handle beside the bare learner, the path through the queue,
 * hot swaps and rollbacks under questions, and recording. The model is a net of the documented topology 12-128-64-32-4.
 * Usage: node bench/serving.ts [--json] [--seconds N]. Times want a quiet machine; errors and mixed answers must be 0.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FastRng, NodeFileSystem } from '../src/base/index.ts';
import { saveArtefact } from '../src/decisions/index.ts';
import { Mlp, matrixOf } from '../src/learn/index.ts';
import { type ModelHandle, ModelMonitor, ModelServer, type Prediction } from '../src/lifecycle/index.ts';
import { draftOf } from '../src/lifecycle/serving/testing/models.ts';
import { describeMachine, type Machine } from './common/machine.ts';
import { machineLine } from './common/machine-line.ts';
import { quantile } from './common/statistics.ts';
import { heapPerCall } from './learn/heap.ts';

const INPUTS = 12;
const OUTPUTS = 4;
const NAME = 'net';
const SWAPS = 100;
const IN_FLIGHT = 10_000;
const ROUNDS = 9;
const CALLS = 100_000;
const TOGETHER = 1000;

/** Microseconds. */
type Times = { readonly p50: number; readonly p99: number; readonly max: number };

type Results = {
  readonly machine: Machine;
  /** Processor time, and heap. */
  readonly perAnswer: {
    readonly learnerNs: number;
    readonly handleNs: number;
    readonly overheadNs: number;
    readonly handleHeapBytes: number;
    readonly queueNs: number;
    readonly recordNs: number;
  };
  /** All questions in flight at once, swaps all along. */
  readonly flood: {
    readonly answers: number;
    readonly swaps: number;
    readonly errors: number;
    readonly mixed: number;
  };
  /** From when a question was due to its answer, at a steady rate. */
  readonly steady: { readonly perSecond: number; readonly quiet: Times; readonly swapping: Times };
  readonly swap: Times;
  readonly rollback: Times;
};

const net = (seed: number): Mlp => {
  const rng = new FastRng(seed);
  const rows = Array.from({ length: 64 }, () => Array.from({ length: INPUTS }, () => rng.normal()));
  const mlp = new Mlp({
    ...{ inputs: INPUTS, outputs: OUTPUTS, seed },
    hidden: [128, 64, 32],
    loss: { kind: 'cross-entropy' },
  });
  mlp.fit({ x: matrixOf(rows), y: rows.map((_, i) => i % OUTPUTS) }, { epochs: 1 });
  return mlp;
};

/** A folder with `SWAPS` versions after the first, whose first answer to `ROW` is known. */
class Setting {
  readonly folder = mkdtempSync(join(tmpdir(), 'pilotfish-serving-'));
  readonly row = Float64Array.from({ length: INPUTS }, (_, i) => i / INPUTS);
  readonly expected = new Map<string, number>();
  readonly first: Mlp;

  constructor() {
    const fs = new NodeFileSystem();
    this.first = net(1);
    for (let version = 0; version <= SWAPS; version += 1) {
      const model = version === 0 ? this.first : net(version + 1);
      const path = version === 0 ? join(this.folder, 'models', NAME) : this.pathOf(version);
      saveArtefact(fs, path, draftOf(model, { version: String(version), room: NAME }));
      this.expected.set(String(version), model.predict(this.row)[0] as number);
    }
  }

  pathOf(version: number): string {
    return join(this.folder, 'new', String(version));
  }

  async server(): Promise<ModelServer> {
    const server = new ModelServer({ modelDir: join(this.folder, 'models'), maxQueue: 2 * IN_FLIGHT });
    server.start();
    await server.load(NAME);
    return server;
  }

  isOfOneVersion({ version, values }: Prediction): boolean {
    return values[0] === this.expected.get(version);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number => quantile(values, 0.5);
const timesOf = (us: readonly number[]): Times => ({
  p50: median(us),
  p99: quantile(us, 0.99),
  max: quantile(us, 1),
});
const nowUs = (): number => performance.now() * 1000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Nanoseconds of processor time a call: other programs on the machine count little. */
function timed(call: () => void): number {
  const from = cpuUs();
  for (let i = 0; i < CALLS; i += 1) call();
  return ((cpuUs() - from) * 1000) / CALLS;
}

async function perAnswer(setting: Setting): Promise<Results['perAnswer']> {
  const server = await setting.server();
  const handle: ModelHandle = await server.open(NAME);
  const monitor = new ModelMonitor();
  const outcome = { success: true, latencyMs: 0.01 };
  const { row, first } = setting;
  const rounds = Array.from({ length: ROUNDS }, () => ({
    learner: timed(() => first.predict(row)),
    handle: timed(() => handle.predict(row)),
    record: timed(() => monitor.recordPrediction(NAME, outcome)),
  }));
  const handleHeapBytes = heapPerCall((times) => {
    const from = nowUs();
    for (let i = 0; i < times; i += 1) handle.predict(row);
    return (nowUs() - from) * 1000;
  });
  const queued: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = cpuUs();
    await Promise.all(Array.from({ length: TOGETHER }, () => server.predict(NAME, row)));
    queued.push(((cpuUs() - from) * 1000) / TOGETHER);
  }
  handle.close();
  await server.stop();
  const [learnerNs, handleNs] = [
    median(rounds.map(({ learner }) => learner)),
    median(rounds.map((round) => round.handle)),
  ];
  const recordNs = median(rounds.map(({ record }) => record));
  const overheadNs = median(rounds.map((round) => round.handle - round.learner));
  return { learnerNs, handleNs, overheadNs, handleHeapBytes, queueNs: median(queued), recordNs };
}

async function flood(setting: Setting): Promise<Results['flood'] & { readonly swapUs: readonly number[] }> {
  const server = await setting.server();
  const asked: Promise<Prediction>[] = [];
  const ask = (count: number): void => {
    for (let i = 0; i < count; i += 1) asked.push(server.predict(NAME, setting.row));
  };
  ask(IN_FLIGHT);
  const swapUs: number[] = [];
  for (let version = 1; version <= SWAPS; version += 1) {
    const from = nowUs();
    const swap = server.hotSwapModel(NAME, { newModelPath: setting.pathOf(version) });
    // As many again in the course of all swaps.
    ask(Math.floor(IN_FLIGHT / SWAPS));
    await swap;
    swapUs.push(nowUs() - from);
  }
  const settled = await Promise.allSettled(asked);
  await server.stop();
  const answers = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const mixed = answers.filter((answer) => !setting.isOfOneVersion(answer)).length;
  const errors = settled.length - answers.length;
  return { answers: answers.length, swaps: SWAPS, errors, mixed, swapUs };
}

/** Latencies in microseconds at a steady rate, while `beside` runs. */
async function steady(
  setting: Setting,
  { seconds, perSecond }: { readonly seconds: number; readonly perSecond: number },
  beside: (server: ModelServer, atUs: (share: number) => Promise<void>) => Promise<void>,
): Promise<number[]> {
  const server = await setting.server();
  const count = seconds * perSecond;
  const latencies: number[] = [];
  const startUs = nowUs();
  const until = async (share: number): Promise<void> => {
    while (nowUs() - startUs < share * seconds * 1e6) await turn();
  };
  const work = beside(server, until);
  const asked: Promise<void>[] = [];
  while (asked.length < count) {
    const dueUs = startUs + (asked.length * 1e6) / perSecond;
    if (nowUs() < dueUs) await turn();
    else {
      const answered = server.predict(NAME, setting.row).then(() => void latencies.push(nowUs() - dueUs));
      asked.push(answered);
    }
  }
  await Promise.all([work, ...asked]);
  await server.stop();
  return latencies;
}

async function rollbacks(setting: Setting): Promise<number[]> {
  const server = await setting.server();
  const us: number[] = [];
  for (let version = 1; version <= SWAPS; version += 1) {
    await server.hotSwapModel(NAME, { newModelPath: setting.pathOf(version) });
    const waiting = Array.from({ length: 100 }, () => server.predict(NAME, setting.row));
    const from = nowUs();
    await server.rollbackModel(NAME);
    us.push(nowUs() - from);
    await Promise.all(waiting);
  }
  await server.stop();
  return us;
}

async function measure(seconds: number): Promise<Results> {
  const machine = describeMachine(tmpdir());
  const setting = new Setting();
  try {
    const load = { seconds, perSecond: 2000 };
    const { swapUs, ...flooded } = await flood(setting);
    const quiet = await steady(setting, load, () => Promise.resolve());
    const swapping = await steady(setting, load, async (server, until) => {
      for (let version = 1; version <= SWAPS; version += 1) {
        await until(version / (SWAPS + 1));
        await server.hotSwapModel(NAME, { newModelPath: setting.pathOf(version) });
      }
    });
    return {
      machine,
      perAnswer: await perAnswer(setting),
      flood: flooded,
      steady: { perSecond: load.perSecond, quiet: timesOf(quiet), swapping: timesOf(swapping) },
      swap: timesOf(swapUs),
      rollback: timesOf(await rollbacks(setting)),
    };
  } finally {
    setting.close();
  }
}

function textOf({ machine, perAnswer: each, flood: all, steady: rate, swap, rollback }: Results): string {
  const times = ({ p50, p99, max }: Times): string =>
    `p50 ${p50.toFixed(0)} us, p99 ${p99.toFixed(0)} us, max ${max.toFixed(0)} us`;
  return [
    machineLine(machine),
    `learner alone ${each.learnerNs.toFixed(0)} ns, by a handle ${each.handleNs.toFixed(0)} ns`,
    `  a handle adds ${each.overheadNs.toFixed(0)} ns and ${each.handleHeapBytes.toFixed(1)} bytes of heap`,
    `by the queue, 1000 at once: ${each.queueNs.toFixed(0)} ns each; recording ${each.recordNs.toFixed(0)} ns`,
    `${all.swaps} swaps under questions: ${all.answers} answers, ${all.errors} errors, ${all.mixed} mixed`,
    `${rate.perSecond}/s, quiet:    ${times(rate.quiet)}`,
    `${rate.perSecond}/s, swapping: ${times(rate.swapping)}`,
    `a swap, load and warm-up included: ${times(swap)}`,
    `a rollback with 100 questions waiting: ${times(rollback)}`,
  ].join('\n');
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, seconds: { type: 'string' } } });
const seconds = Number(values.seconds ?? 10);
if (!(seconds >= 1 && seconds <= 600)) {
  console.error('--seconds takes 1 to 600');
  process.exitCode = 2;
} else {
  const results = await measure(seconds);
  console.log(values.json === true ? JSON.stringify(results, undefined, 1) : textOf(results));
  if (results.flood.errors > 0 || results.flood.mixed > 0) process.exitCode = 1;
}
