// What npm start says of the rooms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Advised, adviceLine, basesLine, readAheadLine, savingLine } from '../scripts/demo-advice.ts';

const MIB = 1024 * 1024;
const advice = { codecBy: 'heuristic', questions: 12, answeredByModel: 0, codecs: { none: 2, 'zstd-9': 10 } };

const advised = (mebibytes: number, cpuSeconds: number, of: Advised['advice'] = advice): Advised => ({
  codecs: { zstd: { bytes: (mebibytes - 1) * MIB }, none: { bytes: MIB } },
  cpuSeconds,
  advice: of,
});

test('it names who chose: the rule, the model, or both', () => {
  const line = (of: Advised['advice']): string => adviceLine(advised(10, 1, of));
  assert.equal(
    line(advice),
    'the rule (no model is installed) chose how to compress 12 blocks: zstd-9 10, none 2',
  );
  const model = { ...advice, codecBy: 'codec@1.0.0' };
  assert.match(line(model), /^the rule \(codec@1\.0\.0 is not known to be better here\) chose /);
  assert.match(line({ ...model, answeredByModel: 12 }), /^the model codec@1\.0\.0 chose /);
  assert.match(
    line({ ...model, answeredByModel: 5 }),
    /^the model codec@1\.0\.0 \(5 times\) and the rule \(7 times\)/,
  );
  assert.match(line({ ...advice, questions: 0, codecs: {} }), /^no new block/);
  assert.match(line(null), /^no new block/);
});

test('it tells what came of bases and of reading ahead', () => {
  const bases = { basesBy: 'similar@1', questions: 9, answeredByModel: 9, declined: 4, kept: 3, notKept: 2 };
  assert.match(
    basesLine(advised(10, 1, { ...advice, bases })),
    /^the model similar@1 .* 9 similar blocks: 3 stored .*, 2 tried in vain, 4 not tried$/,
  );
  assert.match(basesLine(advised(10, 1)), /^no new block/);
  assert.match(readAheadLine({ readAhead: { issued: 5, used: 4, wasted: 1 } }), /\b5\b.*\b4\b.*\b1\b/);
  assert.match(readAheadLine({ readAhead: { issued: 0, used: 0, wasted: 0 } }), /^nothing was read ahead/);
});

test('it tells what that saved, and what it cost', () => {
  assert.equal(
    savingLine(advised(90, 12.5), advised(100, 10)),
    'compared with a pack that asks no room: 10.0 MiB (10.0 %) less to store, 2.5 s more CPU',
  );
  assert.match(
    savingLine(advised(101, 9), advised(100, 10)),
    /1\.0 MiB \(1\.0 %\) more to store, 1\.0 s less CPU$/,
  );
});
