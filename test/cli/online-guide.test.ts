// The commands of docs/guides/online.md print what stands there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sea } from '../../src/lifecycle/online/testing/streams.ts';
import { root } from '../support.ts';
import { Place } from './support.ts';

const guide = readFileSync(join(root, 'docs/guides/online.md'), 'utf8');

/** Requests of which the bound between threats and others moves halfway. */
function samples(): string {
  const stream = sea(
    [
      { samples: 1500, bound: 8 },
      { samples: 1500, bound: 4 },
    ],
    { noise: 0.05 },
  );
  const lines = stream.x.map(([size = 0, time = 0, retries = 0], i) => {
    const features = {
      request_size: Math.round(size * 1000) / 10,
      response_time: Math.round(time * 1000) / 10,
      retries: Math.round(retries),
    };
    return JSON.stringify({ sampleId: `s${i}`, features, label: stream.y[i] });
  });
  return `${lines.join('\n')}\n`;
}

/** Commands and what they print, as the blocks have them. */
function steps(): { readonly command: string; output: string }[] {
  const blocks = [...guide.matchAll(/```console\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const found: { command: string; output: string }[] = [];
  for (const line of blocks.join('').replaceAll('\\\n', ' ').split('\n')) {
    if (line.startsWith('$ ')) found.push({ command: line.slice(2), output: '' });
    else if (line !== '') (found.at(-1) ?? assert.fail()).output += `${line}\n`;
  }
  return found;
}

/** Words of a command line; quotes keep some together. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

/** What differs from run to run: times, and the ids of versions. */
const steady = (text: string): string =>
  text.replaceAll(/^\d{4}-\d\d-\d\d \d\d:\d\d/gm, 'TIME').replaceAll(/\b[0-9a-f]{16}\b/g, 'ID');

test('the guide to learning while serving prints what it says', async (t) => {
  const place = new Place(t);
  place.write({ 'samples.jsonl': samples() });
  const all = steps().filter(({ command }) => !/ (jobs|worker) /.test(command));
  assert.equal(all.length, 8);
  for (const { command, output } of all) {
    const { stdout } = await place.given(...words(command).slice(1));
    assert.equal(steady(stdout), steady(output), command);
  }
});
