import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exists, Rng, readSmallFile, writeAll } from '../../src/base/index.ts';
import { SimFileSystem } from './disk.ts';

const SEEDS = Array.from({ length: 400 }, (_, i) => i);

/** A disk with the durable directory `/r`. */
function disk(): SimFileSystem {
  const fs = new SimFileSystem();
  fs.makeDirectory('/r');
  fs.sync();
  return fs;
}

function write(fs: SimFileSystem, path: string, text: string, sync = true): void {
  const fd = fs.open(path, 'truncate');
  writeAll(fs, fd, Buffer.from(text), 0);
  if (sync) fs.fsync(fd);
  fs.close(fd);
}

const read = (fs: SimFileSystem, path: string): string => readSmallFile(fs, path, 1 << 20).toString('latin1');
const names = (fs: SimFileSystem, path = '/r'): string => fs.readDirectory(path).map(String).sort().join(' ');

/** Every outcome some power cut leaves, as told by `look`. */
function outcomes(fs: SimFileSystem, look: (after: SimFileSystem) => string): Set<string> {
  return new Set(SEEDS.map((seed) => look(fs.crash(new Rng(seed), 'power'))));
}

/** Asserts that power cuts leave these outcomes and no others. */
function leaves(fs: SimFileSystem, look: (after: SimFileSystem) => string, expected: string[]): void {
  assert.deepEqual([...outcomes(fs, look)].sort(), [...expected].sort());
}

describe('what a power cut leaves of content', () => {
  test('synced content under a synced name is always there', () => {
    const fs = disk();
    write(fs, '/r/a', 'precious');
    fs.fsyncDirectory('/r');
    leaves(fs, (after) => read(after, '/r/a'), ['precious']);
    assert.equal(read(fs.crash(new Rng(1), 'lost'), '/r/a'), 'precious');
  });

  test('unsynced content may be there, absent, torn or garbled', () => {
    const fs = disk();
    write(fs, '/r/a', 'x'.repeat(2000), false);
    fs.fsyncDirectory('/r');
    const found = outcomes(fs, (after) => {
      const text = read(after, '/r/a');
      if (text === '') return 'absent';
      if (text.length < 2000) return text.length % 512 === 0 ? 'torn at a sector' : 'torn';
      return text === 'x'.repeat(2000) ? 'whole' : 'garbled';
    });
    assert.deepEqual([...found].sort(), ['absent', 'garbled', 'torn', 'torn at a sector', 'whole']);
    assert.equal(read(fs.crash(new Rng(1), 'lost'), '/r/a'), '');
  });

  test('each unsynced write has its own fate', () => {
    const fs = disk();
    const fd = fs.open('/r/a', 'create');
    fs.fsync(fd);
    fs.fsyncDirectory('/r');
    for (const [i, letter] of ['A', 'B', 'C'].entries()) writeAll(fs, fd, Buffer.from(letter), i);
    const found = outcomes(fs, (after) => read(after, '/r/a'));
    for (const wanted of ['', 'A', 'AB', 'ABC', 'A\0C', '\0\0C', '\0B']) {
      assert.ok(found.has(wanted), `some power cut leaves ${JSON.stringify(wanted)}`);
    }
  });

  test('an overwritten part comes back as it was when last synced', () => {
    const fs = disk();
    write(fs, '/r/a', 'old old old');
    fs.fsyncDirectory('/r');
    const fd = fs.open('/r/a', 'update');
    writeAll(fs, fd, Buffer.from('NEW'), 4);
    fs.truncate(fd, 7);
    assert.equal(read(fs.crash(new Rng(1), 'lost'), '/r/a'), 'old old old');
    const found = outcomes(fs, (after) => read(after, '/r/a'));
    for (const wanted of ['old old old', 'old NEW old', 'old old', 'old NEW'])
      assert.ok(found.has(wanted), wanted);
  });

  test('mode, owner and time are durable with the file', () => {
    const fs = disk();
    write(fs, '/r/a', 'x');
    fs.fsyncDirectory('/r');
    fs.chmod('/r/a', 0o644);
    leaves(fs, (after) => after.lstat('/r/a').mode.toString(8), ['600', '644']);
    const fd = fs.open('/r/a', 'read');
    fs.fsync(fd);
    leaves(fs, (after) => after.lstat('/r/a').mode.toString(8), ['644']);
  });
});

describe('what a power cut leaves of names', () => {
  test('a new name whose directory was not synced may be gone', () => {
    const fs = disk();
    write(fs, '/r/a', 'x');
    leaves(fs, (after) => names(after), ['', 'a']);
  });

  test('a name that survives may lead to a file without its content', () => {
    const fs = disk();
    write(fs, '/r/a', 'x', false);
    fs.fsyncDirectory('/r');
    assert.ok(outcomes(fs, (after) => read(after, '/r/a')).has(''));
  });

  test('a directory that was not synced into its parent takes what is in it along', () => {
    const fs = disk();
    fs.makeDirectory('/r/d');
    write(fs, '/r/d/a', 'x');
    fs.fsyncDirectory('/r/d');
    leaves(fs, (after) => (exists(after, '/r/d') ? names(after, '/r/d') : 'gone'), ['gone', 'a']);
    fs.fsyncDirectory('/r');
    leaves(fs, (after) => names(after, '/r/d'), ['a']);
  });

  test('a rename without a sync of its directory leaves the old name or the new one', () => {
    const fs = disk();
    write(fs, '/r/old', 'x');
    fs.fsyncDirectory('/r');
    fs.rename('/r/old', '/r/new');
    leaves(fs, (after) => names(after), ['new', 'old']);
    fs.fsyncDirectory('/r');
    leaves(fs, (after) => names(after), ['new']);
  });

  test('a rename over a name leaves the old or the new content, never neither', () => {
    const fs = disk();
    write(fs, '/r/a', 'old');
    fs.fsyncDirectory('/r');
    write(fs, '/r/tmp', 'new');
    fs.rename('/r/tmp', '/r/a');
    leaves(fs, (after) => read(after, '/r/a'), ['new', 'old']);
  });

  test('of a file made and renamed either, both in turn or none survives', () => {
    const fs = disk();
    write(fs, '/r/tmp', 'x');
    fs.rename('/r/tmp', '/r/a');
    leaves(fs, (after) => names(after), ['', 'a', 'tmp']);
  });

  test('an unlink may be undone', () => {
    const fs = disk();
    write(fs, '/r/a', 'x');
    fs.fsyncDirectory('/r');
    fs.unlink('/r/a');
    leaves(fs, (after) => names(after), ['', 'a']);
    assert.equal(read(fs.crash(new Rng(1), 'lost'), '/r/a'), 'x');
  });

  test('changes of different names survive in any combination', () => {
    const fs = disk();
    for (const name of ['a', 'b']) write(fs, `/r/${name}`, 'x');
    leaves(fs, (after) => names(after), ['', 'a', 'a b', 'b']);
  });

  test('a lost removal brings back only what stood there', () => {
    const fs = disk();
    write(fs, '/r/a', 'old');
    fs.fsyncDirectory('/r');
    fs.unlink('/r/a');
    write(fs, '/r/a', 'new');
    fs.rename('/r/a', '/r/b');
    const found = outcomes(fs, (after) => {
      const files = after.readDirectory('/r').map((name) => `${name}=${read(after, `/r/${name}`)}`);
      return files.sort().join(' ');
    });
    assert.deepEqual([...found].sort(), ['', 'a=new', 'a=old', 'a=old b=new', 'b=new']);
  });

  test('link and unlink in place of rename may lose both names', () => {
    const fs = disk();
    write(fs, '/r/old', 'x');
    fs.fsyncDirectory('/r');
    fs.link('/r/old', '/r/new');
    fs.unlink('/r/old');
    leaves(fs, (after) => names(after), ['', 'new', 'new old', 'old']);
  });
});

describe('renames between directories', () => {
  function moved(): SimFileSystem {
    const fs = disk();
    for (const name of ['/r/from', '/r/to']) fs.makeDirectory(name);
    write(fs, '/r/from/a', 'x');
    fs.sync();
    fs.rename('/r/from/a', '/r/to/a');
    return fs;
  }
  const both = (fs: SimFileSystem): string => `from:${names(fs, '/r/from')} to:${names(fs, '/r/to')}`;

  test('neither directory synced: one name or the other', () => {
    leaves(moved(), both, ['from: to:a', 'from:a to:']);
  });

  test('the target synced: the new name for certain, the old one perhaps as well', () => {
    const fs = moved();
    fs.fsyncDirectory('/r/to');
    leaves(fs, both, ['from: to:a', 'from:a to:a']);
    assert.equal(fs.crash(new Rng(1), 'lost').lstat('/r/to/a').links, 2);
  });

  test('the source synced: the new name only, for the file may not be lost', () => {
    const fs = moved();
    fs.fsyncDirectory('/r/from');
    leaves(fs, both, ['from: to:a']);
  });

  test('a directory has one name at any time', () => {
    const fs = disk();
    for (const path of ['/r/p', '/r/q', '/r/s', '/r/p/m']) fs.makeDirectory(path);
    fs.sync();
    const where = (after: SimFileSystem): string =>
      ['p', 'q', 's'].filter((name) => exists(after, `/r/${name}/m`)).join(' ');
    fs.rename('/r/p/m', '/r/q/m');
    fs.rename('/r/q/m', '/r/s/m');
    leaves(fs, where, ['p', 'q', 's']);
    fs.fsyncDirectory('/r/s');
    leaves(fs, where, ['s']);
  });

  test('a durable name is never lost by renames alone', () => {
    for (const seed of SEEDS) {
      const rng = new Rng(seed);
      const fs = disk();
      for (const name of ['d', 'e']) fs.makeDirectory(`/r/${name}`);
      const places = ['/r/a', '/r/b', '/r/d/a', '/r/d/b', '/r/e/a', '/r/e/b', '/r/e/c'];
      for (const place of places.slice(0, 3)) write(fs, place, place);
      fs.sync();
      for (let i = 0; i < 12; i += 1) shuffle(fs, places, rng);
      const after = fs.crash(rng, 'power');
      const left = new Set(places.filter((place) => exists(after, place)).map((place) => read(after, place)));
      assert.equal(left.size, 3, `seed ${seed}`);
    }
  });

  /** Moves a file to a free place, or syncs a directory. */
  function shuffle(fs: SimFileSystem, places: readonly string[], rng: Rng): void {
    const taken = places.filter((place) => exists(fs, place));
    const free = places.filter((place) => !exists(fs, place));
    const at = (of: readonly string[]): string => of[rng.below(of.length)] ?? '';
    if (rng.below(4) === 0) fs.fsyncDirectory(at(['/r', '/r/d', '/r/e']));
    else fs.rename(at(taken), at(free));
  }
});

describe('crashes', () => {
  test('a killed process leaves all it wrote, and its handles are gone', () => {
    const fs = disk();
    const fd = fs.open('/r/a', 'create');
    writeAll(fs, fd, Buffer.from('unsynced'), 0);
    const after = fs.crash(new Rng(1), 'process');
    assert.equal(read(after, '/r/a'), 'unsynced');
    assert.deepEqual(after.openPaths(), []);
    assert.deepEqual(fs.openPaths(), ['/r/a']);
  });

  test('what a killed process did not sync is still not durable for the next one', () => {
    const fs = disk();
    write(fs, '/r/a', 'x', false);
    const next = fs.crash(new Rng(1), 'process');
    assert.equal(names(next), 'a');
    assert.equal(names(next.crash(new Rng(1), 'lost')), '');
    next.fsyncDirectory('/r');
    assert.equal(read(next.crash(new Rng(1), 'lost'), '/r/a'), '');
  });

  test('the disks before and after a crash do not share anything', () => {
    const fs = disk();
    write(fs, '/r/a', 'before');
    fs.sync();
    for (const mode of ['process', 'power', 'lost'] as const) {
      const after = fs.crash(new Rng(1), mode);
      write(after, '/r/a', mode);
      write(after, '/r/b', 'new');
      after.chmod('/r/a', 0o640);
      assert.equal(read(fs, '/r/a'), 'before');
      assert.equal(names(fs), 'a');
      assert.equal(fs.lstat('/r/a').mode, 0o600);
    }
  });

  test('what a power cut left is durable: another one changes nothing', () => {
    const fs = disk();
    for (const name of ['a', 'b', 'c', 'd']) write(fs, `/r/${name}`, name.repeat(50), false);
    for (const seed of SEEDS.slice(0, 50)) {
      const once = fs.crash(new Rng(seed), 'power');
      const twice = once.crash(new Rng(seed + 1), 'power');
      assert.equal(names(twice), names(once));
      for (const name of once.readDirectory('/r'))
        assert.equal(read(twice, `/r/${name}`), read(once, `/r/${name}`));
    }
  });

  test('a seed replays a crash, and seeds differ', () => {
    const fs = disk();
    for (let i = 0; i < 20; i += 1) write(fs, `/r/${i}`, 'x'.repeat(5000), false);
    const look = (seed: number): string => {
      const after = fs.crash(new Rng(seed), 'power');
      const files = after.readDirectory('/r').map((name) => `${name}=${read(after, `/r/${name}`)}`);
      return files.join('\n');
    };
    assert.equal(look(7), look(7));
    assert.ok(new Set(SEEDS.slice(0, 50).map(look)).size > 25);
  });

  test('hard links and their counts survive', () => {
    const fs = disk();
    write(fs, '/r/a', 'x');
    fs.link('/r/a', '/r/b');
    fs.fsyncDirectory('/r');
    const after = fs.crash(new Rng(3), 'power');
    assert.equal(after.lstat('/r/a').links, 2);
    assert.equal(after.lstat('/r/a').inode, after.lstat('/r/b').inode);
  });
});

test('a pipe is read as it comes, in pieces, and has no positions', () => {
  const fs = disk();
  fs.feed(0, Buffer.alloc(70_000, 'x'));
  const into = Buffer.alloc(100_000);
  const pull = (): number => fs.read(0, into, { offset: 0, length: into.length, position: -1 });
  assert.deepEqual([pull(), pull(), pull()], [65_536, 4464, 0]);
  assert.throws(() => fs.read(0, into, { offset: 0, length: 1, position: 0 }), { code: 'ESPIPE' });
});
