import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type TensorBoardScalars, tensorBoardScalars, tensorBoardStart } from './tensorboard.ts';

const record = JSON.parse(
  readFileSync(new URL('../../../test/vectors/tensorboard.json', import.meta.url), 'utf8'),
);
const events = record.events as TensorBoardScalars[];

test('the bytes of TensorBoard’s own writer, which TensorBoard has read', () => {
  const start = tensorBoardStart(events[0]?.wallTimeSeconds as number);
  const file = Buffer.concat([start, ...events.map(tensorBoardScalars)]);
  assert.equal(file.toString('base64'), record.file);
  const read = record.read as Record<string, [number, number, number][]>;
  for (const { wallTimeSeconds, step, scalars } of events) {
    for (const [tag, value] of Object.entries(scalars)) {
      const found = read[tag]?.find(([time]) => time === wallTimeSeconds);
      assert.deepEqual(found, [wallTimeSeconds, step, Math.fround(value)]);
    }
  }
});

test('NaN can be shown', () => {
  const bytes = tensorBoardScalars({ wallTimeSeconds: 1, step: 2, scalars: { loss: Number.NaN } });
  assert.ok(Number.isNaN(new DataView(bytes.buffer).getFloat32(bytes.length - 8, true)));
});

test('what makes no event is refused', () => {
  const event = { wallTimeSeconds: 1, step: 1, scalars: { loss: 1 } };
  assert.throws(() => tensorBoardStart(Number.NaN), { code: 'NOT_FINITE' });
  assert.throws(() => tensorBoardScalars({ ...event, wallTimeSeconds: Infinity }), { code: 'NOT_FINITE' });
  assert.throws(() => tensorBoardScalars({ ...event, scalars: {} }), { code: 'EMPTY' });
  for (const step of [-1, 0.5, 2 ** 53, Number.NaN]) {
    assert.throws(() => tensorBoardScalars({ ...event, step }), { code: 'USAGE' });
  }
});
