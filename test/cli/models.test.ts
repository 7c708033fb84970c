// What `measure`, `train`, `tune` and `score` replace, refuse, count and say.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { FastRng } from '../../src/base/index.ts';
import { WORKSHOPS } from '../../src/decisions/index.ts';
import { root } from '../support.ts';
import { Place } from './support.ts';

/** A place whose shipped models are its own. */
class Workplace extends Place {
  override get environment(): NodeJS.ProcessEnv {
    return { ...super.environment, PILOTFISH_MODELS: this.path('models') };
  }

  readManifest(): {
    metrics: Record<string, number>;
    featureSchema: string;
    lineage: { tableSha256: string };
  } {
    return JSON.parse(readFileSync(this.path('models/codec/manifest.json'), 'utf8'));
  }

  /** Runs a command that must fail, and gives what it says. */
  async failing(...args: string[]): Promise<string> {
    const { code, stderr } = await this.inside([...args, '--quiet']);
    assert.notEqual(code, 0, args.join(' '));
    return stderr;
  }
}

/** Numbers in words, then noise: two kinds of blocks. */
function sample(): Buffer {
  const rng = new FastRng(1);
  const words = Array.from({ length: 60_000 }, () => rng.below(1000).toString(36)).join(' ');
  const noise = Buffer.from(Array.from({ length: 300_000 }, () => rng.below(256)));
  return Buffer.concat([Buffer.from(words), noise, Buffer.from(words)]);
}

const place = (t: ConstructorParameters<typeof Place>[0]): Workplace => new Workplace(t);

test('shipped files are replaced only when told so, and only by a model as good', async (t) => {
  const here = place(t);
  here.write({ 'data/compression/mixed.br': brotliCompressSync(sample(), { params: { 1: 1 } }) });
  const measure = ['measure', 'codec', '--data', 'data'];
  assert.match(await here.failing(...measure, '--all'), /USAGE: give --out .* or --install/);
  assert.match(await here.failing('train', 'codec'), /USAGE: give --out .* or --install/);
  assert.match(await here.failing('train', 'codec', '--out', 'x', '--install'), /USAGE/);
  assert.match(await here.failing(...measure, '--all', '--out', 'data'), /EXISTS: .* is a directory/);
  assert.match(
    await here.failing('train', 'codec', '--out', 'data/compression/mixed.br'),
    /EXISTS: .* is a file/,
  );
  assert.match(await here.failing(...measure, '--install'), /EMPTY: .*MANIFEST\.tsv.*--all/);
  assert.ok(!existsSync(here.path('models')));

  const { stdout } = await here.given(...measure, '--all', '--install', '--json', '--quiet');
  const { rows } = JSON.parse(stdout) as { rows: number };
  const text = brotliDecompressSync(readFileSync(here.path('models/codec/costs.tsv.br'))).toString();
  assert.equal(
    rows,
    text
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('mixed\t')).length,
  );

  const stop = new AbortController();
  stop.abort();
  const tune = ['tune', 'codec', '--trials', '500', '--quiet'];
  assert.match((await here.inside(tune, stop)).stderr, /INTERRUPTED: .*nothing was kept/);
  const kept = await here.inside([...tune, '--journal', 'search.jsonl'], stop);
  assert.match(kept.stderr, /INTERRUPTED: .*is in the journal; run it again to go on/);

  const halted = await here.inside(['train', 'codec', '--out', 'halted', '--quiet'], stop);
  assert.match(halted.stderr, /INTERRUPTED: .*nothing was written/);
  assert.ok(!existsSync(here.path('halted')));

  const install = ['train', 'codec', '--install', '--quiet'];
  await here.given(...install);
  const first = here.readManifest();
  await here.given(...install);
  assert.deepEqual(here.readManifest(), first);

  const better = { ...first, metrics: { ...first.metrics, valRegret: -1 } };
  writeFileSync(here.path('models/codec/manifest.json'), JSON.stringify(better));
  assert.match(await here.failing(...install), /REFUSED: .*--out/);
  assert.deepEqual(here.readManifest(), better);

  // What it says of itself on another table has no say: it is asked again on this one.
  const other = { ...better, lineage: { ...first.lineage, tableSha256: '0'.repeat(64) } };
  writeFileSync(here.path('models/codec/manifest.json'), JSON.stringify(other));
  await here.given(...install);
  assert.deepEqual(here.readManifest(), first);

  const foreign = { ...first, featureSchema: '0'.repeat(64) };
  writeFileSync(here.path('models/codec/manifest.json'), JSON.stringify(foreign));
  assert.match(await here.failing('score', 'codec', '--data', 'data'), /SHAPE: .*other features/);
  writeFileSync(here.path('models/codec/manifest.json'), JSON.stringify({ ...first, room: 'cache' }));
  assert.match(await here.failing('score', 'codec', '--data', 'data'), /DAMAGED: .*room cache/);
});

test('help names the rooms there are', async (t) => {
  const here = place(t);
  const roomsIn = async (command: string): Promise<string | undefined> =>
    / what it is about: (.*)\n/.exec((await here.given(command, '--help')).stdout)?.[1];
  const all = WORKSHOPS.map(({ room }) => room).join(', ');
  for (const command of ['measure', 'train', 'score']) assert.equal(await roomsIn(command), all, command);
  const tuned = WORKSHOPS.filter(({ tune }) => tune !== undefined).map(({ room }) => room);
  assert.equal(await roomsIn('tune'), tuned.join(', '));
});

test('a data folder without data: what it should hold is named', async (t) => {
  const here = place(t);
  here.write({ 'data/notes.txt': 'x' });
  for (const command of [
    ['score', 'codec'],
    ['measure', 'codec', '--all', '--out', 'x'],
  ]) {
    assert.match(await here.failing(...command, '--data', 'data'), /EMPTY: .*compression\/ and versions\//);
  }
});

test('names of data sets and models reach the terminal as text', async (t) => {
  const here = place(t);
  here.write({ 'data/compression/\u001b[31mred.br': brotliCompressSync(sample(), { params: { 1: 1 } }) });
  const scored = await here.given('score', 'similar', '--data', 'data');
  assert.match(scored.stdout, /\\x1b\[31mred/);
  cpSync(join(root, 'models/similar'), here.path('models/similar'), { recursive: true });
  const manifest = here.path('models/similar/manifest.json');
  writeFileSync(
    manifest,
    readFileSync(manifest, 'utf8').replace('"name": "similar"', '"name": "\\u001b[31m"'),
  );
  here.write({ 'tree/a': sample(), 'tree/b': Buffer.concat([sample(), Buffer.from('!')]) });
  const packed = await here.given('pack', 'tree', '--repo', 'repository');
  assert.match(packed.stdout, /bases by .*\\x1b\[31m@/);
  for (const { stdout } of [scored, packed]) assert.ok(!stdout.includes('\u001b'));
});
