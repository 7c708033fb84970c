// The store benchmark, small: every tool that is here stores and gives back a small set. Rows and hashes, never times.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { describeMachine } from '../../bench/common/machine.ts';
import { isGnuTime, Meter } from '../../bench/store/commands.ts';
import { runContest, steps } from '../../bench/store/contest.ts';
import { Figures } from '../../bench/store/figures.ts';
import { fingerprint } from '../../bench/store/listing.ts';
import { consoleReport } from '../../bench/store/report/console.ts';
import { markdownReport } from '../../bench/store/report/markdown.ts';
import { operations, type Results, type Row, resultVersion } from '../../bench/store/results.ts';
import { checkoutLauncher } from '../../bench/store/tools/pilotfish.ts';
import { defaultTools, findContenders, findOnly } from '../../bench/store/tools/tools.ts';
import { temporaryFolder } from '../support.ts';
import { makeTinySet } from './tiny-set.ts';

/** Of the generated set: it changes only when the generator does. */
const listSha256 = 'd6bcff14cf17af49227282e2dfdd0673c8ddaa1ef3e922c0aedeb57cab9cd53e';

const { contenders, absent } = findContenders(defaultTools(false), checkoutLauncher, findOnly);

function meter(): Meter {
  const path = findOnly('time');
  return new Meter(path !== null && isGnuTime(path) ? path : null);
}

describe('the store benchmark on a small set', () => {
  const folder = temporaryFolder({ after });
  const set = `${folder}/set`;
  let results: Results;
  const row = (tool: string): Row => {
    const found = results.rows.find((one) => one.tool === tool);
    assert.ok(found !== undefined, `${tool} has a row`);
    return found;
  };

  before(() => {
    makeTinySet(set);
    const sets = [{ name: 'B', title: 'a small set', path: set, fingerprint: fingerprint(set) }];
    const contest = { sets, contenders, rounds: 1, steps, meter: meter(), folder: `${folder}/run` };
    const rows = runContest({ ...contest, settle: () => undefined, say: () => undefined });
    const date = '2026-01-01T00:00:00.000Z';
    const about = { version: resultVersion, date, command: 'npm test', rounds: 1 } as const;
    const machine = describeMachine(folder);
    results = { ...about, machine, tools: contenders, absent, startup: [], sets, rows };
  });

  for (const { id, reason } of absent) test(`${id} takes part`, (t) => t.skip(reason));

  test('the set is the one that was meant', () => {
    assert.equal(results.sets[0]?.fingerprint.listSha256, listSha256);
  });

  for (const { id, isRepository } of contenders) {
    test(`${id} gives back what it took`, () => {
      const { stored, grown, usage, restoredSha256 } = row(id);
      assert.deepEqual(restoredSha256, [listSha256]);
      assert.ok((stored[0] ?? 0) > 100_000, 'noise takes its bytes');
      assert.equal(grown.length, isRepository ? 1 : 0);
      const done = operations.filter((operation) => usage[operation].length === 1);
      const missing = { tar: 2, 'tar-zstd': 1, 'tar-zstd-long': 1 }[id as string] ?? 0;
      assert.equal(done.length, operations.length - missing);
    });
  }

  test('Pilotfish is looked into', () => {
    const { reads, inspection } = row('pilotfish');
    assert.ok((reads[0]?.meanBytes ?? 0) >= 32 * 1024);
    assert.equal(inspection?.rawBytes, results.sets[0]?.fingerprint.bytes);
    assert.ok((inspection?.small.storedBytes ?? 0) > 0);
    assert.ok((inspection?.small.blocks ?? 0) < (inspection?.all.blocks ?? 0));
  });

  test('choosing codecs is told for the built-in one, the rule and the best in hindsight', () => {
    const { codecChoice } = row('pilotfish');
    const [builtIn, rule] = ['built-in', 'heuristic'].map((who) =>
      codecChoice?.rows.find((one) => one.who === who),
    );
    const oracle = codecChoice?.rows.at(-1);
    assert.equal(oracle?.who, 'oracle');
    const sampled = codecChoice?.sampledBlocks ?? 0;
    assert.ok(sampled > 0 && sampled <= (codecChoice?.blocks ?? 0), `${sampled} blocks`);
    assert.ok(
      (codecChoice?.blocks ?? 0) < (row('pilotfish').inspection?.all.blocks ?? 0),
      'not all stand alone',
    );
    for (const { codecs, storedBytes, costSeconds } of codecChoice?.rows ?? []) {
      assert.equal(
        Object.values(codecs).reduce((sum, count) => sum + count),
        sampled,
      );
      assert.ok(storedBytes > 0 && storedBytes <= (codecChoice?.rawBytes ?? 0));
      // The built-in codec is none of the room's six, so that it may cost less than the best of them.
      if (codecs['zstd-5'] === undefined) assert.ok(costSeconds >= (oracle?.costSeconds ?? Number.NaN));
    }
    assert.deepEqual([builtIn?.codecs, builtIn?.decideSeconds], [{ 'zstd-5': sampled }, 0]);
    assert.ok((oracle?.codecs['none'] ?? 0) > 0, 'in hindsight noise is not compressed');
    assert.equal(rule?.codecs['none'] ?? 0, 0, 'at this rate the rule compresses everything');
    for (const report of [consoleReport(results), markdownReport(results)])
      for (const who of ['built-in zstd-5', 'heuristic', 'oracle'])
        assert.ok(report.includes(`set B, ${who}`), who);
  });

  test('versions that differ little take little', () => {
    const figures = new Figures(results);
    const stored = figures.stored('B', 'pilotfish') ?? Number.NaN;
    assert.ok(stored < (figures.stored('B', 'tar') ?? 0) / 4, `${stored} bytes`);
  });

  test('both reports name every tool', () => {
    const [console, page] = [consoleReport(results), markdownReport(results)];
    for (const { label } of contenders) {
      assert.ok(console.includes(label), label);
      assert.ok(page.includes(label.replaceAll('|', '\\|')), label);
    }
    assert.match(page, /\| B: stored bytes \/ restic \|/);
  });

  test('the results survive being written down', () => {
    const again = JSON.parse(JSON.stringify(results)) as Results;
    assert.equal(markdownReport(again), markdownReport(results));
  });
});
