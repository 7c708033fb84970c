// `similar`: which blocks are nearly the same; fingerprints are made by it and by `optimize`, never by `pack`.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { sha256Hex } from '../../src/base/index.ts';
import { noise, Place, parseOne } from './support.ts';

interface Answer {
  blocks: {
    block: string;
    offset?: number;
    length?: number;
    similar: { id: string; similarity: number }[];
  }[];
}

const LINES = Array.from({ length: 500 }, (_, i) => `line ${i} ${(i * 7919) % 1009} of a text`);
const TEXT = LINES.join('\n');
const EDITED = LINES.with(100, 'something else').join('\n');
const [textId, editedId, noiseId] = [TEXT, EDITED, noise(9000)].map((bytes) => sha256Hex(Buffer.from(bytes)));

async function packed(t: ConstructorParameters<typeof Place>[0]): Promise<Place> {
  const place = new Place(t);
  place.write({ 'tree/text': TEXT, 'tree/edited': EDITED, 'tree/noise': noise(9000), 'tree/tiny': 'abc' });
  await place.given('pack', 'tree');
  assert.ok(!existsSync(place.path('repo/fingerprints')));
  return place;
}

const asked = async (place: Place, ...args: string[]): Promise<Answer> =>
  parseOne((await place.given('similar', ...args, '--json')).stdout) as Answer;

test('a block by its id or the beginning of it, a file by its path', async (t) => {
  const place = await packed(t);
  const { stdout } = await place.given('similar', textId as string);
  const [, share = ''] = /^ {2}(0\.\d{3}|1\.000) {2}[0-9a-f]{64}$/m.exec(stdout) ?? [];
  assert.equal(stdout, `${textId}: 1 similar block\n  ${share}  ${editedId}\n`);
  assert.ok(Number(share) >= 0.859);
  assert.ok(existsSync(place.path('repo/fingerprints')));

  const byPrefix = await asked(place, (textId as string).slice(0, 10));
  assert.deepEqual(byPrefix.blocks[0]?.block, textId);
  assert.equal(byPrefix.blocks[0]?.similar[0]?.id, editedId);
  const byPath = await asked(place, 'latest', '--path', '/text');
  assert.deepEqual(byPath.blocks, [
    { block: textId, offset: 0, length: TEXT.length, similar: byPrefix.blocks[0]?.similar },
  ]);
  assert.deepEqual(await asked(place, noiseId as string), { blocks: [{ block: noiseId, similar: [] }] });
  const tiny = await place.given('similar', 'latest', '--path', 'tiny');
  assert.match(tiny.stdout, /^[0-9a-f]{64} at 0, 3 B: 0 similar blocks\n$/);
});

test('--top lists the most similar', async (t) => {
  const place = await packed(t);
  const versions = Array.from({ length: 7 }, (_, i) => LINES.with(100 + i, `version ${i}`).join('\n'));
  for (const [i, version] of versions.entries()) place.write({ [`tree/v${i}`]: version });
  await place.given('pack', 'tree');
  const { blocks: all } = await asked(place, textId as string, '--top', '1000');
  const { similar } = all[0] as Answer['blocks'][0];
  assert.equal(similar.length, 8);
  const cut = await place.given('similar', textId as string, '--top', '2');
  assert.match(cut.stdout, /: 2 similar blocks or more\n/);
  const inOrder = similar.toSorted((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1));
  assert.deepEqual(similar, inOrder);
  assert.deepEqual((await asked(place, textId as string)).blocks[0]?.similar, similar.slice(0, 5));
  assert.deepEqual(
    (await asked(place, textId as string, '--top', '1')).blocks[0]?.similar,
    similar.slice(0, 1),
  );
});

test('optimize makes the fingerprints and says how many', async (t) => {
  const place = await packed(t);
  const result = parseOne((await place.given('optimize', '--json')).stdout) as { fingerprints: number };
  assert.equal(result.fingerprints, 4, 'three files and the directory; the tiny one has none');
  const kept = readFileSync(place.path('repo/fingerprints'));
  assert.equal((await asked(place, textId as string)).blocks[0]?.similar.length, 1);
  assert.ok(kept.equals(readFileSync(place.path('repo/fingerprints'))), 'nothing was new');
});

test('a damaged file of fingerprints is made anew, with a warning', async (t) => {
  const place = await packed(t);
  await place.given('similar', textId as string);
  writeFileSync(place.path('repo/fingerprints'), 'pilotfish fingerprints 1\nlies');
  const { stdout, stderr } = await place.given('similar', textId as string);
  assert.match(stdout, /: 1 similar block\n/);
  assert.match(stderr, /^pilotfish: warn: the fingerprints of blocks cannot be used and are made anew/);
  assert.equal((await place.given('similar', textId as string)).stderr, '');
});

test('what cannot be asked is refused with a code', async (t) => {
  const place = await packed(t);
  // So many that two ids begin with the same four digits: of 1200, chance has it at 99.998 %, the same every time.
  for (let i = 0; i < 1200; i += 1) place.write({ [`tree/many/${i}`]: `file number ${i}` });
  await place.given('pack', 'tree');
  const starts = Array.from({ length: 1200 }, (_, i) =>
    sha256Hex(Buffer.from(`file number ${i}`)).slice(0, 4),
  );
  const twice = starts.find((start, i) => starts.indexOf(start) < i) as string;
  const cases: [code: string, ...args: string[]][] = [
    ['AMBIGUOUS', twice],
    ['MISSING', '0123456789'],
    ['MISSING', '0'.repeat(64)],
    ['USAGE', 'abc'],
    ['USAGE', 'latest'],
    ['USAGE', textId as string, '--top', '0'],
    ['USAGE', textId as string, '--top', '1001'],
    ['USAGE', 'latest', '--path', 'none'],
    ['USAGE', 'latest', '--path', 'many'],
    ['NO_SNAPSHOT', '0123456789', '--path', 'text'],
  ];
  assert.match((await place.inside(['similar', 'latest'])).stderr, /similar SNAPSHOT --path FILE/);
  for (const [code, ...args] of cases) {
    const { code: exit, stdout, stderr } = await place.inside(['similar', ...args, '--json']);
    assert.equal(exit, 1, args.join(' '));
    assert.equal((parseOne(stdout) as { error: { code: string } }).error.code, code, args.join(' '));
    assert.match(stderr, new RegExp(`^pilotfish: ${code}: `, 'm'));
  }
});
