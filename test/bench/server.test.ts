// The server benchmark, small: rows and the hashes of what was stored, never times; without MLflow's server.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { UsageError } from '../../bench/common/command-line.ts';
import { describeMachine } from '../../bench/common/machine.ts';
import { checkoutLauncher, mlflowAbsent, pilotfish } from '../../bench/server/contenders.ts';
import { runContest } from '../../bench/server/contest.ts';
import { loadOf } from '../../bench/server/load.ts';
import { commandText, readOptions } from '../../bench/server/options.ts';
import { consoleReport, markdownReport } from '../../bench/server/report.ts';
import { judge, type Results, type Row, resultVersion } from '../../bench/server/results.ts';
import { workloads } from '../../bench/server/workloads.ts';
import { temporaryFolder } from '../support.ts';

/** SHA-256 of what a server holds after the first requests of a workload: any server that keeps what it took. */
const hashes: Readonly<Record<string, string>> = {
  'log-batch': '81843656e3df71011e8bb0b75086574d63cf74aaacc55e022a4fc4f9bdd4eac2',
  'log-metric': 'f4c37cbeb2506402ec82d95ec5816d404ef5dd7a87f72e4aea88518f9bd2ac34',
  create: 'b41fbb92cefef25643e0c7db91559f91f5765ccecbaffd1ec1de936ad09c2284',
  parallel: 'c156c839f2dd8dd953661f6b1d386af8b73022edda10d0130cf6066a6e50a332',
  alias: '394905fe0b0cce2d7bb6c2fa8b483bc3dadd1572ecec06a4cb1b0f759534e2e2',
};

describe('a contest without MLflow', () => {
  const folder = temporaryFolder({ after });
  let results: Results;

  before(async () => {
    const found = await runContest({
      contenders: [pilotfish(checkoutLauncher, 'Pilotfish')],
      ...{ rounds: 1, pace: { operations: 20, seconds: 60 }, folder, say: () => {} },
    });
    const about = { version: resultVersion, date: '2026-01-01T00:00:00.000Z', command: 'npm test' } as const;
    results = { ...about, machine: describeMachine(folder), absent: [mlflowAbsent], ...found };
  });

  test('every row has all its operations and no error', () => {
    assert.equal(
      results.rows.length,
      workloads.reduce((sum, { connections }) => sum + connections.length, 0),
    );
    for (const { rounds } of results.rows)
      assert.deepEqual(
        rounds.map(({ operations, errors }) => [operations, errors]),
        [[20, 0]],
      );
  });

  for (const [workload, sha256] of Object.entries(hashes)) {
    test(`${workload}: what was stored reads back the same`, () => {
      const proof = results.proofs.find((one) => one.workload === workload);
      assert.equal(proof?.sha256, sha256);
    });
  }

  test('the model answers the same within the process and by HTTP', () => {
    const answers = results.proofs.filter(({ workload }) => workload === 'infer');
    assert.deepEqual(
      answers.map(({ holder }) => holder),
      ['pilotfish', 'in process'],
    );
    assert.equal(answers[0]?.sha256, answers[1]?.sha256);
  });

  test('the reports say that MLflow is absent, and judge nothing against it', () => {
    for (const text of [consoleReport(results), markdownReport(results)])
      assert.match(text, /MLflow IS ABSENT/);
    const rates = judge(results).filter(({ must }) => must === '≥ 10');
    assert.equal(rates.length, 5);
    for (const { verdict } of rates) assert.equal(verdict, 'not measured');
  });

  test('the results survive being written down', () => {
    const again = JSON.parse(JSON.stringify(results)) as Results;
    assert.equal(markdownReport(again), markdownReport(results));
  });

  test('goals are judged by the medians at 16 connections', () => {
    const row = (contender: Row['contender'], rates: readonly number[]): Row => ({
      ...{ workload: 'alias', connections: 16, contender },
      rounds: rates.map((perSecond) => ({ ...loadOf([1], 0, 1), perSecond })),
    });
    const verdictOf = (ours: readonly number[]) => {
      const rows = [row('pilotfish', ours), row('mlflow', [100, 100, 100])];
      const found = judge({ ...results, rows }).find(({ text }) => text.startsWith('version by alias'));
      return [found?.value, found?.verdict, found?.isClose];
    };
    assert.deepEqual(verdictOf([900, 1200, 1100]), [11, 'met', true]);
    assert.deepEqual(verdictOf([1200, 1200, 1200]), [12, 'met', false]);
    assert.deepEqual(verdictOf([900, 900, 1100]), [9, 'missed', true]);
  });
});

test('options', () => {
  assert.deepEqual(readOptions([]), {
    ...{ rounds: 3, seconds: 1.5, json: undefined, isForDocs: false, work: undefined },
  });
  assert.equal(commandText(['--docs', '--rounds', '5']), 'npm run bench:server -- --rounds 5 --docs');
  for (const args of [['--rounds', '0'], ['--seconds', 'x'], ['--fast'], ['x']])
    assert.throws(() => readOptions(args), UsageError);
});
