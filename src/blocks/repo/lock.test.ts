import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { type Host, ManualClock, makeDirectories, seededBytes } from '../../base/index.ts';
import { Layout, temporaryWriter } from './layout.ts';
import { type LockDependencies, type LockMode, leftovers, takeLock } from './lock.ts';

const layout = new Layout('/repository');
const MINUTE_MS = 60_000;

/** Processes of one machine: pid and start mark of those that live. */
type Processes = Map<number, string>;

function hostOf(name: string, pid: number, processes: Processes): Host {
  return { name, pid, processMark: (of) => processes.get(of) ?? '', isAlive: (of) => processes.has(of) };
}

class Scene {
  readonly clock = new ManualClock();
  readonly fs = new SimFileSystem({ clock: this.clock });
  readonly here: Processes = new Map([
    [10, 'a'],
    [11, 'b'],
  ]);
  readonly there: Processes = new Map([[10, 'c']]);

  constructor() {
    for (const path of layout.directories) makeDirectories(this.fs, path);
  }

  by(pid: number, more: Partial<LockDependencies> = {}): LockDependencies {
    const { fs, clock } = this;
    return { fs, layout, clock, host: hostOf('here', pid, this.here), random: seededBytes(pid), ...more };
  }

  elsewhere(name = 'there'): LockDependencies {
    return this.by(10, { host: hostOf(name, 10, this.there), random: seededBytes(99) });
  }

  files(): string[] {
    return this.fs.readDirectory(layout.locks).map(String);
  }
}

test('who excludes whom', () => {
  const excludes: Record<string, boolean> = {
    'read read': false,
    'read write': false,
    'write read': false,
    'write write': false,
    'read exclusive': true,
    'write exclusive': true,
    'exclusive read': true,
    'exclusive write': true,
    'exclusive exclusive': true,
  };
  for (const [pair, isRefused] of Object.entries(excludes)) {
    const scene = new Scene();
    const [first, second] = pair.split(' ') as [LockMode, LockMode];
    const held = takeLock(scene.by(10), first);
    if (isRefused) {
      assert.throws(
        () => takeLock(scene.by(11), second),
        { code: 'LOCKED', message: /process 10 on here/ },
        pair,
      );
      assert.equal(scene.files().length, 1, 'the one refused leaves no lock');
    } else takeLock(scene.by(11), second).release();
    held.release();
    assert.deepEqual(scene.files(), []);
    takeLock(scene.by(11), second).release();
  }
});

test('a lock of a process that is gone is removed', () => {
  const scene = new Scene();
  takeLock(scene.by(10), 'exclusive');
  scene.here.delete(10);
  takeLock(scene.by(11), 'exclusive').release();
  assert.deepEqual(scene.files(), []);
});

test('a lock whose pid belongs to another process by now is removed', () => {
  const scene = new Scene();
  takeLock(scene.by(10), 'exclusive');
  scene.here.set(10, 'started later');
  takeLock(scene.by(11), 'exclusive').release();
});

test('where start marks are unknown, a living pid is believed', () => {
  const scene = new Scene();
  scene.here.set(10, '');
  takeLock(scene.by(10), 'exclusive');
  assert.throws(() => takeLock(scene.by(11), 'read'), { code: 'LOCKED' });
  scene.here.set(10, 'known now');
  assert.throws(() => takeLock(scene.by(11), 'read'), { code: 'LOCKED' });
});

test('a lock of another machine is believed for half an hour after its last refresh', () => {
  const scene = new Scene();
  const held = takeLock(scene.elsewhere(), 'exclusive');
  for (let minutes = 0; minutes < 120; minutes += 7) {
    scene.clock.advance(7 * MINUTE_MS);
    assert.throws(() => takeLock(scene.by(10), 'read'), { code: 'LOCKED', message: /on there/ });
  }
  const [file] = scene.files();
  held.release();
  // It was killed there: nobody refreshes its lock.
  writeFile(scene.fs, `${layout.locks}/${file}`, '');
  scene.clock.advance(29 * MINUTE_MS);
  assert.throws(() => takeLock(scene.by(10), 'read'), { code: 'LOCKED' });
  scene.clock.advance(2 * MINUTE_MS);
  takeLock(scene.by(10), 'read').release();
  assert.deepEqual(scene.files(), []);
});

test('the same pid on two machines is two processes', () => {
  const scene = new Scene();
  const held = takeLock(scene.elsewhere(), 'exclusive');
  scene.here.delete(10);
  assert.throws(() => takeLock(scene.by(11), 'write'), { code: 'LOCKED' });
  held.release();
});

test('a released lock is refreshed no more', () => {
  const scene = new Scene();
  takeLock(scene.by(10), 'write').release();
  scene.clock.advance(60 * MINUTE_MS);
  assert.deepEqual(scene.files(), []);
});

test('names of machines of any kind come back', () => {
  for (const name of ['my.host-1', 'a_b', 'grün', '_0041', '日本', '', 'x'.repeat(64)]) {
    const scene = new Scene();
    const held = takeLock(scene.elsewhere(name), 'exclusive');
    assert.match(scene.files()[0] ?? '', /^exclusive\.[A-Za-z0-9_-]*\.10\.c\.[0-9a-f]{16}$/);
    assert.throws(
      () => takeLock(scene.by(11), 'read'),
      (error: Error) => error.message.includes(`process 10 on ${name} (exclusive)`),
    );
    held.release();
    const dead = scene.by(11, { host: hostOf(name, 11, scene.here) });
    takeLock(scene.elsewhere(name), 'exclusive');
    scene.here.delete(10);
    takeLock(dead, 'exclusive').release();
  }
});

test('files that are no locks are let be', () => {
  const scene = new Scene();
  const others = [
    'note.txt',
    'exclusive',
    'exclusive.here.x.a.0000000000000000',
    'all.here.1.a.0000000000000000',
    'exclusive.here.1.a.zz',
  ];
  for (const name of others) writeFile(scene.fs, `${layout.locks}/${name}`, '');
  takeLock(scene.by(10), 'exclusive').release();
  assert.deepEqual(scene.files().sort(), [...others].sort());
});

test('temporary files of writers that live are no leftovers', () => {
  const scene = new Scene();
  const [living, dead] = [takeLock(scene.by(10), 'write'), takeLock(scene.by(11), 'write')];
  for (const { writerId } of [living, dead]) writeFile(scene.fs, layout.temporary(writerId, '0'), 'x');
  const left = (): string[] => leftovers(scene.by(10), layout.tmp, temporaryWriter);
  assert.deepEqual(left(), []);
  scene.here.delete(11);
  assert.deepEqual(left(), [`${dead.writerId}-0`]);
});

class Unwritable extends SimFileSystem {
  readonly #errno: string;

  constructor(errno: string) {
    super();
    this.#errno = errno;
    for (const path of layout.directories) makeDirectories(this, path);
  }

  override open(): number {
    throw Object.assign(new Error(this.#errno), { code: this.#errno });
  }
}

test('a reader reads where no lock can be written, a writer does not write', () => {
  for (const errno of ['EROFS', 'EACCES', 'EPERM']) {
    const deps = new Scene().by(10, { fs: new Unwritable(errno) });
    takeLock(deps, 'read').release();
    const advice = errno === 'EROFS' ? /read-only file system: mount it writable/ : /change its permissions/;
    assert.throws(() => takeLock(deps, 'write'), { code: 'IO', message: advice }, errno);
  }
});

test('whatever call fails, no lock stays behind and no timer runs', () => {
  for (let at = 1; at <= 8; at += 1) {
    const scene = new Scene();
    const fs = new FaultyFileSystem(scene.fs, { at, fault: 'EIO' });
    try {
      takeLock(scene.by(10, { fs }), 'write').release();
    } catch (error) {
      assert.equal((error as { code: string }).code, 'IO', `call ${at}`);
    }
    if (fs.log[at - 1]?.startsWith('unlink')) continue;
    assert.deepEqual(scene.files(), [], `call ${at}: ${fs.log[at - 1]}`);
    scene.clock.advance(60 * MINUTE_MS);
    assert.deepEqual(scene.files(), []);
  }
});
