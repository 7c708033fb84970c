import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packFresh } from '../../../../test/golden/workbench.ts';
import { edited, text } from '../../../../test/sim/file-bytes.ts';
import { KIB, ManualClock, Rng, sha256Hex } from '../../../base/index.ts';
import type { BaseQuestion } from '../../../blocks/index.ts';
import type { DataSet } from '../../data/index.ts';
import { finish } from '../../workshop/index.ts';
import { isUseless } from '../teacher.ts';
import { alwaysNewest, sharedLessDepth, sharedThreshold } from './baselines.ts';
import { blocksOf } from './blocks.ts';
import { measureSet, oracleChoice } from './measure.ts';
import { Replay, type Replayed, type Selector } from './replay.ts';
import { NoBases, StoreSelector, SuperFeatures } from './selectors.ts';
import { readRows, writeRows } from './table.ts';
import { Trials } from './trials.ts';

const clock = new ManualClock();

/** Versions of a few files: large and small ones that change a little, and one of which half is new each time. */
function versions(count: number): { name: string; bytes: Buffer }[] {
  const rng = new Rng(7);
  const files = [300 * KIB, 90 * KIB, 9 * KIB, 6 * KIB].map((length) => text(rng, length));
  let half = text(rng, 6 * KIB);
  return Array.from({ length: count }, (_, version) => version).flatMap((version) => {
    if (version > 0) files.forEach((bytes, i) => void files.splice(i, 1, edited(rng, bytes)));
    half = Buffer.concat([half.subarray(0, 3 * KIB), text(rng, 3 * KIB)]);
    const halves = { name: `v${version}/half.txt`, bytes: half };
    return [...files.map((bytes, i) => ({ name: `v${version}/${i}.txt`, bytes })), halves];
  });
}

function setOf(files: readonly { name: string; bytes: Buffer }[]): DataSet {
  const named = files.map((file) => ({ ...file, group: file.name.slice(file.name.indexOf('/') + 1) }));
  const place = { name: 'made', path: 'versions/made.tar.br', sha256: sha256Hex(Buffer.from('made')) };
  return { ...place, use: 'evaluate', files: () => named };
}

const VERSIONS = 8;
const SET = setOf(versions(VERSIONS));
const BLOCKS = blocksOf(SET);
const TRIALS = new Trials(BLOCKS, clock);

const replay = (selector: Selector): Replayed => finish(new Replay(BLOCKS, TRIALS, selector).run());

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const storedBy = (selector: Selector): number => sum(replay(selector).storedBytes);

test('without bases nothing is tried, and every block takes something', () => {
  const { storedBytes, tried, useless, notKept } = replay(new NoBases());
  assert.equal(sum(tried) + sum(useless) + sum(notKept), 0);
  assert.ok(storedBytes.every((bytes) => bytes > 0));
});

test('deltas pay on versions; choices that minds sizes and chains pay more', () => {
  const [none, rule] = [storedBy(new NoBases()), storedBy(new StoreSelector(clock))];
  const oracle = storedBy(new StoreSelector(clock, oracleChoice(TRIALS)));
  assert.ok(rule < none / 2, `${rule} of ${none}`);
  assert.ok(oracle <= rule, `${oracle} of ${rule}`);
  assert.ok(storedBy(new SuperFeatures()) < none);
  for (const { choose } of [alwaysNewest, sharedLessDepth, sharedThreshold(4)]) {
    assert.ok(storedBy(new StoreSelector(clock, choose)) < none);
  }
});

test('a replay does what the store does with the same files, its tree nodes apart', async () => {
  const sources = versions(VERSIONS).map(({ name, bytes }) => ({ path: name.replace('/', '-'), bytes }));
  const choices = [() => 0, () => -1, ({ candidates }: BaseQuestion) => candidates.length - 1];
  for (const choose of choices) {
    const base = (question: Readonly<BaseQuestion>): number => (question.isLeaf ? choose(question) : -1);
    const { result } = await packFresh(sources, {}, { base });
    const replayed = replay(new StoreSelector(clock, choose));
    assert.equal(sum(replayed.tried), result.deltasTried, 'tried');
    assert.equal(sum(replayed.notKept), result.deltasUseless, 'not kept');
    assert.ok(result.deltasUseless > 0 || result.deltasTried === 0);
  }
});

test('what was tried is judged by its size', () => {
  const { tried, useless, notKept } = replay(new StoreSelector(clock));
  tried.forEach((flag, i) => {
    if (flag === 0) assert.equal((useless[i] as number) + (notKept[i] as number), 0);
  });
  const block = { rawBytes: 1000, isSmall: false, aloneBytes: 100 };
  assert.deepEqual(
    [0, 89, 90, 200].map((bytes) => isUseless(block, bytes)),
    [true, false, true, true],
  );
});

test('the same set gives the same table, which reads back as it was written', () => {
  const rows = [...measureSet(SET, clock)];
  assert.ok(rows.length > 20, `${rows.length}`);
  const written = writeRows(rows);
  assert.equal(writeRows([...measureSet(SET, clock)]), written);
  assert.equal(writeRows(readRows(written)), written);
  for (const { question, measured } of readRows(written)) {
    assert.equal(measured.deltaBytes.length, question.candidates.length);
    assert.ok(question.candidates.length >= 1 && question.candidates.length <= 8);
  }
});

test('a table that is none is refused', () => {
  const written = writeRows([...measureSet(SET, clock)]);
  const [header = '', first = ''] = written.split('\n');
  for (const text of [
    'set\tgroup',
    `${header}\n${first.replace('\t', '')}`,
    `${header}\n${first.replace(/\t(train|val|test)\t/, '\tnone\t')}`,
    `${header}\n${first.replace(/,(\d+)$/, ',NaN')}`,
    `${header}\n${first}${';1,2,3,0,0.5,1,9,9'.repeat(20)}`,
  ]) {
    assert.throws(() => readRows(text), { code: 'DAMAGED' });
  }
});

test('names with tabs and ends of lines survive the table', () => {
  const [row] = [...measureSet(SET, clock)];
  assert.ok(row !== undefined);
  const group = 'a\tb\nc\\n\r.txt';
  assert.equal(readRows(writeRows([{ ...row, group }]))[0]?.group, group);
});
