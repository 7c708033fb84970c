import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { KIB, ManualClock, makeDirectories, Rng } from '../../base/index.ts';
import { type ModelArtefact, type ModelDraft, replaceFile } from '../artefact/index.ts';
import { type Bench, finish } from '../workshop/index.ts';
import { similarWorkshop } from './workshop.ts';

const NAME_BYTES = 100;

/** A ustar archive of regular files. */
function tarOf(files: readonly { name: string; bytes: Buffer }[]): Buffer {
  const blocks = files.flatMap(({ name, bytes }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, NAME_BYTES);
    header.write(bytes.length.toString(8).padStart(11, '0'), 124);
    header.write('0', 156);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** Some of them train, some validate, some are sealed: that follows from the names. */
const NAMES = Array.from({ length: 24 }, (_, i) => `${i}.txt`);

/** A data folder of two packages in four versions each. */
function benchOf(): Bench {
  const fs = new SimFileSystem({ clock: new ManualClock() });
  makeDirectories(fs, '/data/versions');
  for (const seed of [1, 2]) {
    const rng = new Rng(seed);
    const files = NAMES.map((_, i) => text(rng, (i % 4 === 0 ? 40 : 5) * KIB));
    const versions = [0, 1, 2, 3].flatMap((version) => {
      if (version > 0) files.forEach((bytes, i) => void files.splice(i, 1, edited(rng, bytes)));
      return files.map((bytes, i) => ({ name: `./${version}/${NAMES[i]}`, bytes }));
    });
    const archive = brotliCompressSync(tarOf(versions), { params: { 1: 1 } });
    replaceFile(fs, `/data/versions/package-${seed}.tar.br`, archive);
  }
  return { fs, clock: new ManualClock(), warn: () => undefined };
}

const BENCH = benchOf();
const { table, rows } = finish(similarWorkshop.measure(BENCH, '/data', { shippable: false }));
const OPTIONS = { version: '3', date: '2026-01-01', command: 'train' };
const trained = (seed: number): ModelDraft =>
  finish(similarWorkshop.train(BENCH, { ...OPTIONS, table, seed }));
const DRAFT = trained(1);
const ARTEFACT = {
  manifest: { format: 1, ...DRAFT.manifest, files: {} },
  files: DRAFT.files,
} as ModelArtefact;

test('a table has a line for each set and each question, and sets that may not be shipped stay out', () => {
  assert.equal(table.split('\n').filter((line) => line.startsWith('#set')).length, 2);
  assert.equal(table.split('\n').filter((line) => line.startsWith('package-')).length, rows);
  assert.throws(() => finish(similarWorkshop.measure(BENCH, '/data', { shippable: true })), {
    code: 'EMPTY',
  });
});

test('the same table and seed give the same model, another seed another', () => {
  assert.deepEqual(trained(1), DRAFT);
  assert.notDeepEqual([...trained(2).files.values()], [...DRAFT.files.values()]);
  const { room, lineage, metrics } = DRAFT.manifest;
  assert.equal(room, 'similar');
  assert.equal(lineage.sets.length, 2);
  assert.equal(metrics['valRegret'], similarWorkshop.valRegret(table, ARTEFACT));
});

test('a scoreboard has a set for each, all baselines, and one that serves', () => {
  for (const model of [undefined, ARTEFACT]) {
    const { sets } = finish(similarWorkshop.score(BENCH, '/data', model));
    assert.deepEqual(
      sets.map(({ name }) => name),
      ['package-1', 'package-2'],
    );
    for (const { rows: who } of sets) {
      assert.deepEqual(
        who.map((row) => row.who),
        [
          ...(model === undefined ? [] : ['model']),
          ...['heuristic', 'best-fixed', 'document-rule', 'super-features', 'always-newest'],
          ...['shared-less-depth', 'oracle'],
        ],
      );
      assert.equal(who.filter(({ serving }) => serving).length, 1);
      for (const row of who) {
        const shares = ['storedRatio', 'uselessCandidates', 'notKept'].map((name) => row[name] as number);
        for (const share of shares) assert.ok(share >= 0 && share <= 1, `${row.who} ${shares}`);
        assert.ok((row['savingsLow'] as number) <= (row['savingsHigh'] as number));
      }
      const of = (name: string) => who.find((row) => row.who === name);
      assert.equal(of('document-rule')?.['savings'], 0);
      assert.equal(of('oracle')?.['regret'], 0);
    }
  }
});

test('a set that was learnt from counts with its sealed part alone', () => {
  const counted = (model: ModelArtefact | undefined): number =>
    finish(similarWorkshop.score(BENCH, '/data', model)).sets.reduce((sum, { n }) => sum + n, 0);
  const [all, sealed] = [counted(undefined), counted(ARTEFACT)];
  assert.ok(sealed > 0 && sealed < all / 2, `${sealed} of ${all}`);
});

test('the sealed part has no say', () => {
  const open = table.replaceAll(/^.*\ttest\t.*\n/gm, '');
  assert.ok(open.length < table.length);
  const { manifest, files } = finish(similarWorkshop.train(BENCH, { ...OPTIONS, table: open, seed: 1 }));
  assert.deepEqual([manifest.metrics, files], [DRAFT.manifest.metrics, DRAFT.files]);
  assert.ok(manifest.lineage.sealedGroups === 0 && DRAFT.manifest.lineage.sealedGroups > 0);
});

test('a table without rows to learn from or to judge by is refused', () => {
  const none = table.replaceAll(/\t(val|test)\t/g, '\ttrain\t');
  const options = { ...OPTIONS, seed: 1 };
  assert.throws(() => finish(similarWorkshop.train(BENCH, { ...options, table: none })), { code: 'EMPTY' });
  assert.throws(() => similarWorkshop.valRegret(none, ARTEFACT), { code: 'EMPTY' });
  assert.throws(() => finish(similarWorkshop.train(BENCH, { ...options, table: `#set\tx\n${none}` })), {
    code: 'DAMAGED',
  });
});
