import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { type ByteRange, hasCode, writeAll } from '../../../base/index.ts';
import { ShadowLog } from './log.ts';
import { validateShadow } from './validate.ts';

function withFile(text: string): SimFileSystem {
  const fs = new SimFileSystem();
  const fd = fs.open('/log', 'create');
  writeAll(fs, fd, Buffer.from(text), 0);
  fs.close(fd);
  return fs;
}

const line = (time: string, rest: object): string => JSON.stringify({ time, ...rest });

test('days, bad lines and failed predictions are counted', () => {
  const text = [
    line('2026-03-01T10:00:00Z', { choice: 'a', prediction: 'a', correct: true }),
    line('2026-03-02T10:00:00Z', { choice: 'a', prediction: 'b' }),
    line('2026-03-02T11:00:00Z', { choice: 'a', prediction: 'a' }),
    line('2026-03-02T12:00:00Z', { choice: 'a', error: 'TypeError' }),
    '',
    'no JSON',
    '[1,2]',
    line('yesterday', { correct: true }),
    line('2026-03-02T12:00:00Z', { choice: 'a' }),
    'x'.repeat(3_000_000),
    line('2026-03-02T13:00:00Z', { correct: true }).slice(0, -5),
  ].join('\n');
  const report = validateShadow(withFile(text), '/log', 0.5);
  assert.deepEqual(
    [report.lines, report.bad, report.count, report.errors, report.accuracy, report.passed],
    [10, 6, 4, 1, 0.5, true],
  );
  assert.deepEqual(report.days, [
    { day: '2026-03-01', count: 1, accuracy: 1 },
    { day: '2026-03-02', count: 3, accuracy: 1 / 3 },
  ]);
});

test('what says nothing is refused', () => {
  assert.throws(
    () => validateShadow(withFile('nonsense\n'), '/log'),
    (error) => hasCode(error, 'EMPTY'),
  );
  assert.throws(
    () => validateShadow(withFile(''), '/other'),
    (error) => hasCode(error, 'MISSING'),
  );
  for (const target of [0, 1.1, 95, Number.NaN]) {
    assert.throws(
      () => validateShadow(withFile(''), '/log', target),
      (error) => hasCode(error, 'USAGE'),
    );
  }
});

test('a log goes on where it ended, and what a full disk takes is counted', () => {
  const fs = new SimFileSystem();
  const entry = {
    timeMs: 1e12,
    room: 'codec',
    region: 'eu',
    model: 'codec@2',
    decisionId: 1,
    choice: 'none',
  };
  for (let i = 0; i < 3; i += 1) {
    const log = new ShadowLog(fs, '/a/b/log');
    log.add({ ...entry, prediction: 'none', correct: true });
    log.flush();
    log.flush();
  }
  assert.equal(validateShadow(fs, '/a/b/log').count, 3);
  const full = Object.assign(Object.create(fs) as SimFileSystem, {
    write: (fd: number, from: Uint8Array, range: ByteRange) => {
      // A part of the line is written, as when the device fills up.
      if (range.offset === 0) return fs.write(fd, from, { ...range, length: 10 });
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    },
    open: fs.open.bind(fs),
    lstat: fs.lstat.bind(fs),
    stat: fs.stat.bind(fs),
    truncate: fs.truncate.bind(fs),
    close: fs.close.bind(fs),
  });
  const log = new ShadowLog(full, '/a/b/log');
  log.add({ ...entry, correct: false, error: 'late' });
  assert.throws(
    () => log.flush(),
    (error) => hasCode(error, 'NO_SPACE'),
  );
  assert.equal(log.dropped, 1);
  const { count, bad } = validateShadow(fs, '/a/b/log');
  assert.deepEqual([count, bad], [3, 0], 'no half line is left');
});
