import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errnoOf, type FileSystem, Rng, readSmallFile, writeAll } from '../../src/base/index.ts';
import { SimFileSystem } from './disk.ts';
import { type FaultPlan, FaultyFileSystem, Killed } from './faults.ts';

const TEXT = 'some text';

/** Publishes a file the safe way: seven calls. */
function publish(fs: FileSystem, name = '/r/a', text = TEXT): void {
  const fd = fs.open('/r/tmp', 'truncate');
  try {
    writeAll(fs, fd, Buffer.from(text), 0);
    fs.fsync(fd);
  } finally {
    fs.close(fd);
  }
  fs.rename('/r/tmp', name);
  fs.fsyncDirectory('/r');
}

const CALLS = [
  'open /r/tmp',
  'write /r/tmp',
  'fsync /r/tmp',
  'close /r/tmp',
  'rename /r/tmp -> /r/a',
  'fsyncdir /r',
];

function disk(): SimFileSystem {
  const fs = new SimFileSystem();
  fs.makeDirectory('/r');
  fs.makeDirectory('/source');
  fs.sync();
  return fs;
}

const read = (fs: FileSystem, path: string): string => readSmallFile(fs, path, 1 << 20).toString();
const names = (fs: FileSystem): string => fs.readDirectory('/r').map(String).sort().join(' ');

/** The errno of what `act` throws, or `killed`, or `done`. */
function outcome(act: () => void): string {
  try {
    act();
    return 'done';
  } catch (error) {
    return error instanceof Killed ? 'killed' : (errnoOf(error) ?? String(error));
  }
}

function faulty(plan: FaultPlan): { sim: SimFileSystem; fs: FaultyFileSystem } {
  const sim = disk();
  return { sim, fs: new FaultyFileSystem(sim, plan) };
}

describe('counting', () => {
  test('without a plan every call is logged and passed on', () => {
    const sim = disk();
    const fs = new FaultyFileSystem(sim);
    publish(fs);
    assert.deepEqual(fs.log, CALLS);
    assert.equal(read(sim, '/r/a'), TEXT);
    assert.equal(fs.fired, false);
  });

  test('only calls below the given path count, by handle and by either name of a rename', () => {
    const fs = new FaultyFileSystem(disk(), { at: 3, fault: 'EIO', below: '/r' });
    const fd = fs.open('/source/a', 'create');
    writeAll(fs, fd, Buffer.from(TEXT), 0);
    fs.makeDirectory('/rest');
    fs.rename('/source/a', '/r/a');
    fs.close(fd);
    fs.lstat('/r');
    assert.equal(
      outcome(() => fs.lstat('/r/a')),
      'EIO',
    );
    assert.deepEqual(fs.log, ['rename /source/a -> /r/a', 'lstat /r', 'lstat /r/a']);
  });

  test('a plan beyond the last call changes nothing', () => {
    const { fs } = faulty({ at: CALLS.length + 1, fault: 'kill-before' });
    publish(fs);
    assert.deepEqual([fs.reached, fs.fired, fs.killed], [false, false, false]);
  });
});

describe('the end of the process', () => {
  test('kill-before: the call has no effect, and nothing after it reaches the disk', () => {
    const left = CALLS.map((_, i) => {
      const { sim, fs } = faulty({ at: i + 1, fault: 'kill-before' });
      assert.equal(
        outcome(() => publish(fs)),
        'killed',
      );
      assert.equal(
        outcome(() => fs.lstat('/r')),
        'killed',
      );
      assert.equal(fs.killed, true);
      return names(sim);
    });
    assert.deepEqual(left, ['', 'tmp', 'tmp', 'tmp', 'tmp', 'a']);
  });

  test('kill-after: the call has its effect', () => {
    const left = CALLS.map((_, i) => {
      const { sim, fs } = faulty({ at: i + 1, fault: 'kill-after' });
      assert.equal(
        outcome(() => publish(fs)),
        'killed',
      );
      return names(sim);
    });
    assert.deepEqual(left, ['tmp', 'tmp', 'tmp', 'tmp', 'a', 'a']);
  });

  test('kill-after a call that fails by itself: the process has ended all the same', () => {
    const { fs } = faulty({ at: 1, fault: 'kill-after' });
    assert.equal(
      outcome(() => fs.lstat('/r/none')),
      'killed',
    );
    assert.equal(fs.killed, true);
  });

  test('torn: a prefix of the write is stored, of every length, by seed', () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 200; seed += 1) {
      const { sim, fs } = faulty({ at: 2, fault: 'torn', seed });
      assert.equal(
        outcome(() => publish(fs)),
        'killed',
      );
      assert.ok(TEXT.startsWith(read(sim, '/r/tmp')));
      lengths.add(sim.lstat('/r/tmp').sizeBytes);
    }
    assert.equal(lengths.size, TEXT.length + 1);
  });

  test('torn at another call is kill-before', () => {
    const { sim, fs } = faulty({ at: 5, fault: 'torn' });
    assert.equal(
      outcome(() => publish(fs)),
      'killed',
    );
    assert.equal(names(sim), 'tmp');
  });
});

describe('failing calls', () => {
  test('EIO at any call: that call fails in the shape of Node, the next attempt works', () => {
    for (const [i, call] of CALLS.entries()) {
      const { sim, fs } = faulty({ at: i + 1, fault: 'EIO' });
      assert.equal(
        outcome(() => publish(fs)),
        'EIO',
        call,
      );
      assert.equal(
        outcome(() => publish(fs)),
        'done',
        call,
      );
      assert.equal(read(sim, '/r/a'), TEXT);
      assert.deepEqual(sim.openPaths(), [], 'a close that fails closes');
    }
    const { fs } = faulty({ at: 2, fault: 'EIO' });
    assert.throws(() => publish(fs), {
      message: "EIO: i/o error, write '/r/tmp'",
      syscall: 'write',
      path: '/r/tmp',
    });
  });

  test('ENOSPC from a call on: what needs space fails, the rest works, until space is free', () => {
    const { sim, fs } = faulty({ at: 1, fault: 'ENOSPC' });
    assert.equal(
      outcome(() => publish(fs)),
      'ENOSPC',
    );
    assert.equal(
      outcome(() => fs.makeDirectory('/r/d')),
      'ENOSPC',
    );
    assert.equal(
      outcome(() => fs.rename('/r/x', '/r/y')),
      'ENOSPC',
    );
    assert.equal(
      outcome(() => fs.readDirectory('/r')),
      'done',
    );
    fs.freeSpace();
    publish(fs);
    assert.equal(read(sim, '/r/a'), TEXT);
  });

  test('ENOSPC hits a write on a handle opened before', () => {
    const { sim, fs } = faulty({ at: 2, fault: 'ENOSPC' });
    assert.equal(
      outcome(() => publish(fs)),
      'ENOSPC',
    );
    assert.equal(sim.lstat('/r/tmp').sizeBytes, 0);
    assert.equal(
      outcome(() => fs.unlink('/r/tmp')),
      'done',
    );
  });
});

describe('a failed fsync', () => {
  /** Writes, syncs twice because the first fails, and publishes all the same. */
  function retrySync(fs: FileSystem): void {
    const fd = fs.open('/r/a', 'create');
    writeAll(fs, fd, Buffer.from('lost'), 0);
    assert.equal(
      outcome(() => fs.fsync(fd)),
      'EIO',
    );
    fs.fsync(fd);
    writeAll(fs, fd, Buffer.from('kept'), 4);
    fs.fsync(fd);
    fs.close(fd);
    fs.fsyncDirectory('/r');
  }

  test('the second one succeeds, and what the first should have stored is gone after a power cut', () => {
    const { sim, fs } = faulty({ at: 3, fault: 'EIO' });
    retrySync(fs);
    assert.equal(read(sim, '/r/a'), 'lostkept');
    for (let seed = 0; seed < 20; seed += 1) {
      assert.equal(read(sim.crash(new Rng(seed), 'power'), '/r/a'), '\0\0\0\0kept');
    }
  });

  test('also when the file is opened anew, and across a killed process', () => {
    const { sim, fs } = faulty({ at: 3, fault: 'EIO' });
    retrySync(fs);
    const next = sim.crash(new Rng(1), 'process');
    next.fsync(next.open('/r/a', 'update'));
    assert.equal(read(next.crash(new Rng(1), 'power'), '/r/a'), '\0\0\0\0kept');
  });
});

describe('short transfers', () => {
  test('short: one read or write moves less, and callers that loop notice nothing', () => {
    const { sim, fs } = faulty({ at: 2, fault: 'short' });
    publish(fs);
    assert.equal(fs.fired, true);
    assert.equal(read(sim, '/r/a'), TEXT);
    assert.equal(fs.log.filter((call) => call.startsWith('write')).length, 2);
  });

  test('all-short: every one does', () => {
    const { sim, fs } = faulty({ at: 1, fault: 'all-short', seed: 5 });
    publish(fs, '/r/a', TEXT.repeat(20));
    assert.equal(read(fs, '/r/a'), TEXT.repeat(20));
    assert.equal(read(sim, '/r/a'), TEXT.repeat(20));
    assert.ok(fs.log.filter((call) => call.startsWith('write')).length > 3);
  });
});
