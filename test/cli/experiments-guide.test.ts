// The commands of docs/guides/experiments.md print what stands there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FastRng } from '../../src/base/index.ts';
import { ABTestManager, openRegistry } from '../../src/lifecycle/index.ts';
import { root } from '../support.ts';
import { Place } from './support.ts';

const guide = readFileSync(join(root, 'docs/guides/experiments.md'), 'utf8');
const [block = ''] = /```console\n[\s\S]*?```/.exec(guide) ?? [];
const RECORDS = 8000;

/** The reads of a program: some 5000 users who come back, a treatment that hits more often and sometimes falls back. */
async function records(place: Place): Promise<string> {
  const { state } = openRegistry(place.path('DIR'));
  const assigner = await new ABTestManager(state).assigner('prefetch');
  await state.close();
  const rng = new FastRng(5);
  const lines: string[] = [];
  for (let i = 2; i <= RECORDS; i += 1) {
    const unit = `user-${rng.below(5000)}`;
    const isOn = assigner.armOf(unit) === 1;
    const fellBack = isOn && rng.next() < 0.02;
    const hits = rng.next() < (isOn && !fellBack ? 0.5 : 0.4) ? 1 : 0;
    const latencyMs = +(Math.exp(1.5 + rng.normal() / 4) * (hits === 1 ? 0.7 : 1.1)).toFixed(3);
    const values = { hits, latencyMs, readBytes: rng.below(1e5) };
    lines.push(JSON.stringify({ id: `read-${i}`, unit, values, ...(isOn ? { fellBack } : {}) }));
  }
  return `${lines.join('\n')}\n`;
}

/** Commands and what they print, as the block has them. */
function steps(): { readonly command: string; readonly output: string }[] {
  const text = block.replaceAll('\\\n', ' ').split('\n').slice(1, -1);
  const found: { command: string; output: string }[] = [];
  for (const line of text) {
    if (line.startsWith('$ ')) found.push({ command: line.slice(2), output: '' });
    else (found.at(-1) ?? assert.fail()).output += `${line}\n`;
  }
  return found;
}

/** Words of a command line; quotes keep some together. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const UNTIMED = /^\d{4}-\d\d-\d\d \d\d:\d\d/gm;

test('the guide to experiments prints what it says', async (t) => {
  const place = new Place(t);
  for (const { command, output } of steps()) {
    if (command.includes('--from records.jsonl')) place.write({ 'records.jsonl': await records(place) });
    const { stdout } = await place.given(...words(command).slice(1));
    const shown = stdout
      .replaceAll(UNTIMED, 'TIME')
      .replace(/(rollout when) a treatment.*(?=\n\narm)/, '$1 …');
    assert.equal(shown, output.replaceAll(UNTIMED, 'TIME'), command);
  }
});
