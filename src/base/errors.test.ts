import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { asRepositoryError, ERROR_CODES, errnoOf, hasCode, PilotfishError, quieten } from './errors.ts';

const fileError = (code: string): Error => Object.assign(new Error(`${code}: something`), { code });

test('codes are their own names', () => {
  for (const [name, value] of Object.entries(ERROR_CODES)) {
    assert.equal(name, value);
    assert.match(name, /^[A-Z][A-Z_]*[A-Z]$|^IO$/);
  }
});

test('an error carries code, path and cause', () => {
  const cause = fileError('EIO');
  const error = new PilotfishError('IO', 'message', { cause, path: '/r' });
  assert.deepEqual([error.name, error.code, error.path, error.cause], ['PilotfishError', 'IO', '/r', cause]);
  assert.equal('cause' in new PilotfishError('IO', 'message'), false);
});

test('hasCode takes any of the codes, or any Pilotfish error when none is named', () => {
  const error: unknown = new PilotfishError('LOCKED', 'message');
  assert.ok(hasCode(error));
  assert.ok(hasCode(error, 'IO', 'LOCKED'));
  assert.ok(!hasCode(error, 'IO'));
  assert.ok(!hasCode(fileError('LOCKED')));
  assert.ok(!hasCode(undefined));
});

test('errnoOf reads file errors only', () => {
  assert.equal(errnoOf(fileError('ENOENT')), 'ENOENT');
  assert.equal(errnoOf(new Error('no code')), undefined);
  assert.equal(errnoOf(new PilotfishError('IO', 'message')), undefined);
  assert.equal(errnoOf({ code: 'ENOENT' }), undefined);
  assert.equal(errnoOf(undefined), undefined);
});

test('what a file call of the repository throws gets a code, the path and advice', () => {
  for (const [errno, code] of [
    ['ENOSPC', 'NO_SPACE'],
    ['EDQUOT', 'NO_SPACE'],
    ['ENOENT', 'MISSING'],
    ['EIO', 'IO'],
    ['EROFS', 'IO'],
  ] as const) {
    const cause = fileError(errno);
    const error = asRepositoryError(cause, '/r/packs');
    assert.deepEqual([error.code, error.path, error.cause], [code, '/r/packs', cause]);
    assert.match(error.message, /\/r\/packs.*: \w+/, 'path and advice');
  }
  assert.equal(asRepositoryError('a thrown text', '/r').code, 'IO');
});

test('a coded error passes through unchanged', () => {
  const error = new PilotfishError('POISONED', 'message');
  assert.equal(asRepositoryError(error, '/r'), error);
});

test('a rejection nobody waits for ends nothing, and everything else is left alone', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  process.on('unhandledRejection', note);
  try {
    for (const returned of [Promise.reject(new Error('late')), Promise.resolve(1), undefined, null, 7, {}])
      quieten(returned);
    await systemClock.turn();
    assert.deepEqual(unhandled, []);
  } finally {
    process.off('unhandledRejection', note);
  }
});
