// The commands and the code of docs/guides/training.md, run as they stand there.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { main } from '../../examples/train-codec.ts';
import { FastRng } from '../../src/base/index.ts';
import { recordBlocks } from '../documents/telemetry.ts';
import { root, run, runWell } from '../support.ts';
import { noise, Place } from './support.ts';

const guide = readFileSync(join(root, 'docs/guides/training.md'), 'utf8');
const codeOf = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\n\`\`\``, 'g'))].map(
    ([, code]) => code as string,
  );

/** An output with its figures, times and places made the same. */
const shapeOf = (output: string): string =>
  output
    .replace(/\S+T\S+Z/g, 'TIME')
    .replace(/ \/\S+/g, ' PATH')
    .replace(/\d[\d,]*/g, 'N');

/** Text of a small vocabulary: some forty blocks. */
function words(bytes: number): Buffer {
  const rng = new FastRng(1);
  const vocabulary = Array.from({ length: 500 }, () =>
    rng
      .next()
      .toString(36)
      .slice(2, 4 + rng.below(6)),
  );
  const text: string[] = [];
  for (let length = 0; length < bytes; length += 5) text.push(vocabulary[rng.below(500)] as string);
  return Buffer.from(text.join(' ').slice(0, bytes));
}

test('the commands of the training guide', async (t) => {
  const place = new Place(t);
  const data = brotliCompressSync(words(1_500_000), { params: { 1: 1 } });
  place.write({
    'data/compression/words.br': data,
    'files/words': words(5_000_000),
    'files/noise': noise(2_500_000),
  });
  const commands = codeOf('sh').flatMap((code) => code.trim().split('\n'));
  assert.ok(commands.length >= 5);
  for (const command of commands) {
    const [program, ...args] = command.split(' ');
    if (args[0] === 'telemetry') {
      const { stdout } = await place.given(...args);
      assert.equal(shapeOf(stdout), shapeOf(`${codeOf('text')[0]}\n`));
    } else if (program === 'pilotfish') await place.given(...args, '--quiet');
    else {
      assert.equal(`${program} ${args[0]}`, 'node examples/train-codec.ts');
      const [dbPath = '', modelPath = ''] = args.slice(1).map((path) => place.path(path));
      await main({ dbPath, modelPath }, { numEpochs: 3, logDir: null }, () => undefined);
      assert.ok(existsSync(modelPath));
    }
  }
  const { stdout } = await place.given('train', 'codec', '--table', 'costs.tsv.br', '--out', 'again');
  assert.match(stdout, /in .*again\n(?: {2}\S+ -?[\d.]+\n)+(?:advice: .*\n)*$/);
  assert.ok(existsSync(place.path('search.jsonl')));
});

test('the script without telemetry: one line, and nothing is made', (t) => {
  const place = new Place(t);
  for (const args of [[], ['missing.db']]) {
    const { code, stderr } = run(process.execPath, [join(root, 'examples/train-codec.ts'), ...args], {
      cwd: place.folder,
    });
    assert.equal(code, 1);
    assert.match(stderr, /^there is no telemetry in [^\n]*: node examples\/train-codec\.ts [^\n]*\n$/);
  }
  assert.deepEqual(readdirSync(place.folder), []);
});

test('the script with telemetry that teaches nothing: one line', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/words': words(300_000) });
  await place.given('pack', 'tree', '--telemetry', 'few.db', '--quiet');
  const { code, stderr } = run(process.execPath, [join(root, 'examples/train-codec.ts'), 'few.db'], {
    cwd: place.folder,
  });
  assert.equal(code, 1);
  assert.match(stderr, /^REFUSED: [^\n]*one class[^\n]*\n$/);
});

test('the code of the training guide', (t) => {
  const place = new Place(t);
  recordBlocks(place.path('telemetry.db'), 150);
  const library = pathToFileURL(join(root, 'src/index.ts')).href;
  const code = codeOf('ts').join('\n').replaceAll("'pilotfish'", `'${library}'`);
  writeFileSync(place.path('guide.ts'), code);
  const { stdout } = runWell(process.execPath, ['guide.ts'], { cwd: place.folder });
  assert.match(stdout, /^accuracy \d\.\d{3}\n/);
  assert.ok(existsSync(place.path('models/compression_predictor.pt/manifest.json')));
  assert.ok(existsSync(place.path('runs/compression_predictor')));
});
