import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Problem, Problems } from './problems.ts';

test('the list ends at 10 000, the count goes on, and whoever listens hears of each', () => {
  let heard = 0;
  const problems = new Problems(() => {
    heard += 1;
  });
  for (let i = 0; i < 10_050; i += 1) problems.add(`${i}`, 'UNSUPPORTED', 'a socket');
  assert.deepEqual([problems.list.length, problems.count, heard], [10_000, 10_050, 10_050]);
  assert.equal(problems.isIncomplete, false, 'what can never be stored is not missing');
  problems.add('late', 'UNREADABLE', 'after the list was full');
  assert.equal(problems.isIncomplete, true);
});

test('paths are shown as text, failed calls by what they mean', () => {
  const seen: Problem[] = [];
  const problems = new Problems((problem) => seen.push(problem));
  problems.addFailure(Buffer.from([0x61, 0xff]), Object.assign(new Error('gone'), { code: 'ENOENT' }));
  problems.addFailure('b', Object.assign(new Error('no'), { code: 'EACCES' }));
  assert.deepEqual(
    seen.map(({ path, code }) => [path, code]),
    [
      ['a\ufffd', 'VANISHED'],
      ['b', 'UNREADABLE'],
    ],
  );
  assert.throws(() => problems.addFailure('c', new TypeError('a fault of ours')), TypeError);
});
