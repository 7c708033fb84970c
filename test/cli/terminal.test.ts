// What people see: progress with and without a terminal, numbers, names.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { ManualClock } from '../../src/base/index.ts';
import { eachItem } from '../../src/cli/commands/list.ts';
import { Context } from '../../src/cli/context.ts';
import { lineProgress } from '../../src/cli/lines.ts';
import { Progress } from '../../src/cli/progress.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import {
  andMore,
  bytesText,
  countText,
  jsonText,
  localTime,
  safeName,
  safeText,
  secondsText,
} from '../../src/cli/text.ts';
import type { Stream, World } from '../../src/cli/world.ts';
import { Place } from './support.ts';

/** A stream that keeps what is written. */
function screen(isTTY: boolean, columns = 80): { stream: Stream; text: () => string } {
  let written = '';
  const stream = {
    isTTY,
    columns,
    on: () => undefined,
    write: (text: string) => {
      written += text;
      return true;
    },
  };
  return { stream: stream as unknown as Stream, text: () => written };
}

const MIB = 1024 * 1024;

test('on a terminal one line is written over, with percent and time left once the total is known', () => {
  const { stream, text } = screen(true);
  const clock = new ManualClock();
  const progress = new Progress(new Terminal(stream, false), clock, { noun: 'file', isQuiet: false });
  progress.update({ count: 0, bytes: 0 });
  assert.equal(text(), '');
  for (let i = 1; i <= 20; i++) {
    clock.advance(100);
    progress.update({ count: i, bytes: i * MIB });
  }
  assert.equal(text().split('\r\x1b[K').at(-1), '20 files, 20.0 MiB, 10.0 MiB/s, 2.0 s');
  assert.ok(!text().includes('\n'));
  progress.expect({ count: 100, bytes: 100 * MIB });
  clock.advance(200);
  progress.update({ count: 22, bytes: 22 * MIB });
  assert.equal(
    text().split('\r\x1b[K').at(-1),
    '22 %, 22 files, 22.0 MiB of 100 MiB, 10.0 MiB/s, 7.8 s left',
  );
});

test('the rate is that of the last seconds', () => {
  const { stream, text } = screen(true);
  const clock = new ManualClock();
  const progress = new Progress(new Terminal(stream, false), clock, { noun: undefined, isQuiet: false });
  let bytes = 0;
  for (let second = 1; second <= 40; second++) {
    clock.advance(1000);
    bytes += second <= 20 ? 10 * MIB : MIB;
    progress.update({ bytes });
  }
  assert.equal(text().split('\r\x1b[K').at(-1), '220 MiB, 1.00 MiB/s, 40.0 s');
});

/** What stderr shows while a thousand items are listed, one a millisecond. */
/** A context whose standard output and standard error are terminals or not. */
function stage({ stdout, stderr: isTerminal }: { stdout: boolean; stderr: boolean }) {
  const clock = new ManualClock();
  const stderr = screen(isTerminal);
  const world = {
    stdout: screen(stdout).stream,
    stderr: stderr.stream,
    settings: {},
    ports: () => ({ clock }),
  };
  const context = new Context(world as unknown as World, new AbortController().signal);
  return { clock, stderr, context };
}

async function listed({ toTerminal }: { toTerminal: boolean }): Promise<string> {
  const { clock, stderr, context } = stage({ stdout: toTerminal, stderr: true });
  const items = function* (): Generator<void> {
    for (let i = 0; i < 1000; i++) yield clock.advance(1);
  };
  await eachItem(context, items(), () => undefined);
  return stderr.text();
}

test('a long list shows how far it is, but not on the terminal it goes to', async () => {
  const [first, ...more] = (await listed({ toTerminal: false })).split('\r\x1b[K').slice(1);
  assert.equal(first, '256 paths, 0.3 s');
  assert.equal(more.at(-1), '', 'and is taken away at the end');
  assert.equal(await listed({ toTerminal: true }), '');
});

test('lines of a long file are counted for people, and for nobody where there is no terminal', () => {
  const told = (isTerminal: boolean): string => {
    const { clock, stderr, context } = stage({ stdout: false, stderr: isTerminal });
    const progress = lineProgress(context, 'record');
    for (let count = 1000; count <= 60_000; count += 1000) {
      clock.advance(200);
      progress.update({ count });
    }
    return stderr.text();
  };
  assert.equal(told(true).split('\r\x1b[K').at(-1), '60,000 records, 12.0 s');
  assert.equal(told(false), '');
});

test('lines that stay go above the progress line, which comes back', () => {
  const { stream, text } = screen(true, 20);
  const terminal = new Terminal(stream, false);
  terminal.status('a line that is far too long for it');
  terminal.line('warning');
  terminal.status('');
  assert.equal(text(), '\r\x1b[Ka line that is far \r\x1b[Kwarning\na line that is far \r\x1b[K');
});

test('without a terminal a plain line every five seconds, none for a short run', () => {
  const { stream, text } = screen(false);
  const clock = new ManualClock();
  const progress = new Progress(new Terminal(stream, false), clock, { noun: 'pack', isQuiet: false });
  progress.expect({ count: 40 });
  for (let i = 1; i <= 12; i++) {
    clock.advance(1000);
    progress.update({ count: i });
  }
  assert.equal(text(), '12 %, 5 packs, 35.0 s left\n25 %, 10 packs, 30.0 s left\n');
});

test('--quiet shows no progress', () => {
  const { stream, text } = screen(true);
  const clock = new ManualClock();
  const progress = new Progress(new Terminal(stream, false), clock, { noun: 'file', isQuiet: true });
  clock.advance(10_000);
  progress.update({ count: 1, bytes: 1 });
  assert.equal(text(), '');
});

test('the log: debug lines only on request, controls escaped', () => {
  const { stream, text } = screen(false);
  new Terminal(stream, false).write('debug', 'hidden');
  new Terminal(stream, true).write('debug', 'shown', { why: 'a\x1b[2J' });
  assert.equal(text(), 'pilotfish: debug: shown why=a\\x1b[2J\n');
});

test('sizes, counts, times', () => {
  const sizes = [0, 999, 1000, 1024, 1536, 10_240, 1_048_575, 1_048_576, 5e9, 2 ** 60].map(bytesText);
  assert.deepEqual(sizes, [
    '0 B',
    '999 B',
    '0.98 KiB',
    '1.00 KiB',
    '1.50 KiB',
    '10.0 KiB',
    '1.00 MiB',
    '1.00 MiB',
    '4.66 GiB',
    '1024 PiB',
  ]);
  assert.deepEqual([0, 999, 1000, 1234567].map(countText), ['0', '999', '1,000', '1,234,567']);
  assert.deepEqual([0.04, 59.94, 99.9, 100, 245.4, 3723].map(secondsText), [
    '0.0 s',
    '59.9 s',
    '99.9 s',
    '1:40',
    '4:05',
    '1:02:03',
  ]);
  assert.match(localTime(0), /^19(70-01-01|69-12-31) \d\d:\d\d$/);
  assert.equal(localTime(1e20), '@100000000000000000');
});

test('names: what a terminal would obey, and bytes that are no text', () => {
  assert.equal(safeText('plain ünïcode 日本 🐟 \\'), 'plain ünïcode 日本 🐟 \\');
  assert.equal(
    safeText('\x1b[31m\x07\x7f\x9b\u061c\u2028\u202e\u2066\u206a\ufeff'),
    '\\x1b[31m\\x07\\x7f\\x9b\\u061c\\u2028\\u202e\\u2066\\u206a\\ufeff',
  );
  assert.equal(safeText('a\tb\r\nc'), 'a\\tb\\r\\nc');
  assert.equal(safeText('\ud800'), '\\ud800');
  assert.equal(
    safeName(Buffer.from([0x61, 0xff, 0x80, 0xc3, 0xa9, 0xe2, 0x82, 0xf0, 0x9f, 0x90, 0x9f])),
    'a\\xff\\x80é\\xe2\\x82🐟',
  );
  assert.equal(safeName(Buffer.from('really \ufffd')), 'really \ufffd');
});

test('JSON is shown without controls and reads back the same', () => {
  const value = { '\x9b': 'a\u202e\x7f\ud800"\\\n🐟' };
  const text = jsonText(value);
  assert.equal(text, String.raw`{"\u009b":"a\u202e\u007f\ud800\"\\\n🐟"}`);
  assert.deepEqual(JSON.parse(text), value);
});

test('a list that was cut says how much is missing', () => {
  assert.deepEqual([andMore(3, 3), andMore(12_000, 10_000)], ['', ', and 2,000 more']);
});

test('no character of any name reaches the terminal as a control', () => {
  for (let code = 0; code < 0x300; code++) {
    const shown = safeText(String.fromCodePoint(code));
    assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f]/);
  }
  for (let byte = 0; byte < 256; byte++) {
    assert.doesNotMatch(safeName(Buffer.from([byte, 0x1b, byte])), /[\u0000-\u001f\u007f-\u009f]/);
  }
});

test('warnings about a hostile name are one line of plain text', async (t) => {
  const place = new Place(t);
  mkdirSync(place.path('tree'));
  writeFileSync(place.path('tree/a\x1b[2J\nb'), '1');
  await place.given('pack', 'tree');
  mkdirSync(place.path('out/a\x1b[2J\nb'), { recursive: true });
  const { stderr } = place.run(['restore', 'latest', '--to', 'out', '--overwrite']);
  assert.match(stderr, /^pilotfish: warning: EXISTS: a\\x1b\[2J\\nb: [^\n]*\n$/);
});
