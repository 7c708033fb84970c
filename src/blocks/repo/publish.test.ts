import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { exists, type FileSystem, makeDirectories, Rng, readSmallFile } from '../../base/index.ts';
import { publish, publishOnce } from './publish.ts';

const PATHS = { temporary: '/tmp/writer-file', final: '/room/file' };
const BYTES = Buffer.from('all of it '.repeat(100));

function newDisk(): SimFileSystem {
  const fs = new SimFileSystem();
  for (const path of ['/tmp', '/room']) fs.makeDirectory(path);
  fs.sync();
  return fs;
}

const contentOf = (fs: FileSystem): string =>
  exists(fs, PATHS.final) ? readSmallFile(fs, PATHS.final, 1e6).toString() : 'none';

for (const [name, run] of Object.entries({ publish, publishOnce })) {
  test(`${name}: temporary name, fsync, new name, fsync of the directory`, () => {
    const fs = new FaultyFileSystem(newDisk());
    run(fs, BYTES, PATHS);
    assert.equal(contentOf(fs), BYTES.toString());
    const calls = fs.log.map((line) => line.split(' ')[0]);
    const order = ['open', 'write', 'fsync', 'close', name === 'publish' ? 'rename' : 'link'];
    assert.deepEqual(calls.slice(0, 5), order);
    assert.ok(calls.indexOf('fsyncdir') > 4);
    assert.ok(!exists(fs, PATHS.temporary));
  });

  test(`${name}: killed at any call, the file is there whole or not at all, also after a power cut`, () => {
    for (let at = 1; at < 12; at += 1) {
      for (const fault of ['kill-before', 'kill-after', 'torn'] as const) {
        const disk = newDisk();
        const fs = new FaultyFileSystem(disk, { at, fault });
        try {
          run(fs, BYTES, PATHS);
        } catch {
          assert.ok(fs.killed);
        }
        for (const mode of ['process', 'power'] as const) {
          for (let seed = 0; seed < 5; seed += 1) {
            const found = contentOf(disk.crash(new Rng(seed), mode));
            assert.ok(
              found === 'none' || found === BYTES.toString(),
              `${fault} ${at} ${mode}: ${found.length} bytes`,
            );
          }
        }
      }
    }
  });

  test(`${name}: done means that it survives a power cut`, () => {
    const disk = newDisk();
    run(disk, BYTES, PATHS);
    for (let seed = 0; seed < 20; seed += 1)
      assert.equal(contentOf(disk.crash(new Rng(seed), 'power')), BYTES.toString());
  });

  test(`${name}: a call that fails is a coded error that names the file`, () => {
    for (let at = 1; at < 6; at += 1) {
      const disk = newDisk();
      const fs = new FaultyFileSystem(disk, { at, fault: 'EIO' });
      assert.throws(() => run(fs, BYTES, PATHS), { code: 'IO', path: PATHS.final }, `call ${at}`);
      assert.deepEqual(disk.openPaths(), []);
    }
    assert.throws(() => run(new FaultyFileSystem(newDisk(), { at: 1, fault: 'ENOSPC' }), BYTES, PATHS), {
      code: 'NO_SPACE',
    });
  });
}

test('publish replaces what has the name, publishOnce does not', () => {
  const fs = newDisk();
  writeFile(fs, PATHS.final, 'first');
  assert.throws(() => publishOnce(fs, BYTES, PATHS), { code: 'EXISTS' });
  assert.equal(contentOf(fs), 'first');
  assert.ok(!exists(fs, PATHS.temporary));
  publish(fs, BYTES, PATHS);
  assert.equal(contentOf(fs), BYTES.toString());
});

/** As FAT and some network file systems are. */
class WithoutLinks extends SimFileSystem {
  override link(): void {
    throw Object.assign(new Error('no links here'), { code: 'EPERM' });
  }
}

test('publishOnce works where there are no hard links', () => {
  const fs = new WithoutLinks();
  for (const path of ['/tmp', '/room']) makeDirectories(fs, path);
  publishOnce(fs, BYTES, PATHS);
  assert.equal(contentOf(fs), BYTES.toString());
});
