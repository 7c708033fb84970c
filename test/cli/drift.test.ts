// `drift`: what it prints, keeps from one command to the next, refuses and ends with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../src/base/index.ts';
import { Place, parseOne } from './support.ts';

const DATA = ['--data', 'data'];

const lines = (seed: number, count: number, shift = 0): string => {
  const rng = new FastRng(seed);
  return Array.from({ length: count }, () => `${JSON.stringify({ size: rng.normal() + shift })}\n`).join('');
};

class House extends Place {
  override get environment(): NodeJS.ProcessEnv {
    return { ...super.environment, ML_DRIFT_WINDOW_SIZE: '200' };
  }

  async text(...args: string[]): Promise<string> {
    return (await this.given('drift', ...args, ...DATA)).stdout;
  }

  async told<T>(...args: string[]): Promise<T> {
    return parseOne(await this.text(...args, '--json')) as T;
  }

  async fails(code: number, error: string, ...args: string[]): Promise<string> {
    const ended = await this.inside(['drift', ...args, ...DATA]);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, new RegExp(`^pilotfish: ${error}: `));
    return ended.stderr;
  }
}

type Recorded = { rows: number; alerts: { severity: string; featureName: string }[] };

test('a baseline, rows over several commands, alarms, and why', async (t) => {
  const house = new House(t);
  house.write({ 'training.jsonl': lines(1, 2000), 'today.jsonl': lines(3, 400, 3) });
  await house.told('baseline', '--from', 'training.jsonl', '--model', 'codec');
  const piped = house.run(['drift', 'record', ...DATA], { input: Buffer.from(lines(2, 150)) });
  assert.deepEqual([piped.code, piped.stdout], [0, '150 rows recorded, 0 alarms\n']);
  const quiet = /^feature {2}size {2}no window yet {2}150 values, baseline of 2000 {2}0 alarms$/m;
  assert.match(await house.text('status'), quiet);
  const { rows, alerts } = await house.told<Recorded>('record', '--from', 'today.jsonl');
  assert.equal(rows, 400);
  assert.deepEqual([...new Set(alerts.map(({ featureName }) => featureName))], ['size']);
  assert.equal(alerts.at(-1)?.severity, 'critical');
  assert.deepEqual((await house.told<Recorded>('reports', '--since', '1h')).alerts, alerts);
  assert.match(await house.text('reports'), /^critical {2}feature size drifted at /m);
  assert.match(await house.text('status'), /critical since /);
  const why = await house.text('explain', 'size');
  assert.match(why, /^ {2}budget: 10 false alarms of a million observations of all streams/m);
  assert.match(why, /^ {2}alarms by threshold: 0: 1, /m);
  assert.match(why, /^ {2}advice: the drift of .* goes on/m);
  assert.equal(await house.text('forget', 'size'), '1 feature forgotten\n');
  assert.match(await house.text('status'), /^nothing is watched/);
});

test('what is refused changes nothing, and says what to do', async (t) => {
  const house = new House(t);
  house.write({
    ...{ 'training.jsonl': lines(1, 100), 'bad.jsonl': '{"size":1}\n{"size":"large"}\n' },
    'other.jsonl': '{"other":1}\n',
  });
  await house.fails(10, 'NO_REPOSITORY', 'status');
  await house.told('baseline', '--from', 'training.jsonl');
  const bad = await house.fails(1, 'USAGE', 'record', '--from', 'bad.jsonl');
  assert.match(bad, /line 2 is no row: give one object of numbers/);
  await house.fails(1, 'MISSING', 'record', '--from', 'other.jsonl');
  await house.fails(1, 'USAGE', 'record', '--type', 'colour');
  await house.fails(1, 'USAGE', 'reports', '--since', 'yesterday');
  await house.fails(1, 'USAGE', 'baseline');
  await house.fails(1, 'USAGE', 'baseline', '--dataset', 'training.json');
  await house.fails(1, 'MISSING', 'explain', 'other');
  assert.match(await house.text('status'), / {2}0 values, /);
});
