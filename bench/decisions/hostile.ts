/**
 * What hostile models cost: seconds of packing one synthetic tree without an adviser, with the rule, and with each
 * hostile model behind the guard. Usage: node bench/decisions/hostile.ts [ROUNDS]. Medians of interleaved rounds, on a
 * disk in memory and one thread.
 */
import { Rng, systemClock } from '../../src/base/index.ts';
import { surroundingsOf } from '../../src/cli/models/adviser.ts';
import { codecRoom, Guard, RoomAdviser, WorkerModel } from '../../src/decisions/index.ts';
import { Workbench } from '../../test/golden/workbench.ts';
import { randomTree } from '../../test/sim/sources.ts';
import { median } from '../common/statistics.ts';
import { fixed, megabytes, ratioText, seconds, type Table, textTable } from '../common/table.ts';
import { HOSTILE, type Make } from './hostile-models.ts';

const SEED = 5;
const TREE = { files: 500, maxFileBytes: 512 * 1024, privileged: false, xattrs: false };
const DEFAULT_ROUNDS = 5;
const RULE = 'the rule';

type Contender = {
  readonly name: string;
  /** Undefined: no adviser at all; null: the rule. */
  readonly make: Make | null | undefined;
  readonly times: number[];
  storedBytes: number;
  /** Reasons of the hints of one run. */
  reasons: string;
};

const sources = randomTree(new Rng(SEED), TREE);

async function runOnce(contender: Contender): Promise<void> {
  const { make } = contender;
  const guard = new Guard({ room: codecRoom, clock: systemClock });
  const model = make?.();
  const ready = await model;
  guard.install(ready);
  const bench = new Workbench();
  bench.build(sources);
  const options =
    make === undefined ? {} : { adviser: new RoomAdviser(guard), surroundings: surroundingsOf(undefined) };
  const startedMs = systemClock.monotonicMs();
  const { bytesStored } = await bench.pack(options);
  contender.times.push((systemClock.monotonicMs() - startedMs) / 1000);
  contender.storedBytes = bytesStored;
  contender.reasons = reasonsOf(guard);
  if (ready instanceof WorkerModel) await ready.close();
}

function reasonsOf({ counters }: { readonly counters: Readonly<Record<string, number>> }): string {
  const { asks: _, receipts: __, unknownReceipts: ___, failedReceipts: ____, ...paths } = counters;
  const taken = Object.entries(paths).filter(([, count]) => count > 0);
  return taken.map(([reason, count]) => `${reason} ${count}`).join(', ');
}

function tableOf(contenders: readonly Contender[]): Table {
  const timeOf = ({ times }: Contender): number => median(times) ?? Number.NaN;
  const rule = contenders.find(({ name }) => name === RULE);
  const rows = contenders.map((contender) => {
    const time = timeOf(contender);
    const spread = [Math.min(...contender.times), Math.max(...contender.times)];
    return [
      contender.name,
      seconds(time),
      spread.map(seconds).join('–'),
      ratioText(rule === undefined ? null : time / timeOf(rule)),
      megabytes(contender.storedBytes),
      contender.reasons,
    ];
  });
  return { head: ['adviser', 'pack s', 'lowest–highest', '/ rule', 'stored MB', 'hints of a run'], rows };
}

const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS);
const contender = (name: string, make: Contender['make']): Contender => {
  return { name, make, times: [], storedBytes: 0, reasons: '' };
};
const contenders = [
  contender('none', undefined),
  contender(RULE, null),
  ...Object.entries(HOSTILE).map(([name, make]) => contender(name, make)),
];
// What runs first pays for compiling: it is not counted.
for (const first of contenders.slice(0, 2)) {
  await runOnce(first);
  first.times.pop();
}
for (let round = 0; round < rounds; round += 1) {
  for (let i = 0; i < contenders.length; i += 1) {
    const next = contenders[(round + i) % contenders.length];
    if (next !== undefined) await runOnce(next);
  }
}
const bytes = sources.reduce((sum, source) => sum + ('bytes' in source ? source.bytes.length : 0), 0);
console.log(`${fixed(bytes / 1e6, 1)} MB, ${rounds} rounds\n`);
console.log(textTable(tableOf(contenders)));
