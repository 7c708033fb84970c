import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIRECTORY, FILE, forgeSnapshot } from '../../../test/golden/forge.ts';
import { SOURCE, Workbench, type WorkbenchOptions } from '../../../test/golden/workbench.ts';
import { noise } from '../../../test/sim/noise.ts';
import { randomTree } from '../../../test/sim/sources.ts';
import type { Source } from '../../../test/sim/tree.ts';
import { readTree, treeDifferences } from '../../../test/sim/tree-state.ts';
import { KIB, MIB, must, Rng, sha256Hex } from '../../base/index.ts';
import type { ReadAhead } from '../ahead/index.ts';
import { blocksOfFile, fileContent, listSnapshot } from '../browse/index.ts';
import { blockIdAt, PackWriter, RECORD_TYPES } from '../pack/index.ts';
import { type RestoreResult, restore } from '../restore/index.ts';
import { Repository } from '../session/index.ts';
import { nodeCid } from '../tree/index.ts';
import { CachedReader, type CachedReaderOptions } from './cached-reader.ts';
import { openTreeReading, type ReadAheadOptions } from './open-ahead.ts';

/** Small files, near copies and a large file: groups, deltas and blocks that stand alone. */
function sources(seed: number): Source[] {
  const rng = new Rng(seed);
  const large = noise(rng, 2 * MIB);
  return [
    ...randomTree(rng, { files: 120 }),
    { path: 'zz/large', bytes: large },
    {
      path: 'zz/nearly',
      bytes: Buffer.concat([large.subarray(0, MIB), Buffer.from('!'), large.subarray(MIB)]),
    },
  ];
}

async function packed(options: WorkbenchOptions = {}): Promise<Workbench> {
  const bench = new Workbench(options);
  bench.build(sources(7));
  await bench.pack();
  return bench;
}

/** Opens the repository with a thread to read ahead on. */
async function opened<T>(bench: Workbench, work: (repository: Repository) => Promise<T>): Promise<T> {
  const repository = new Repository(bench.options, { ...bench.ports, threads: 1 }, 'read');
  try {
    return await work(repository);
  } finally {
    repository.close();
  }
}

let targets = 0;

async function restored(bench: Workbench, readAhead: ReadAheadOptions | false) {
  const target = `/read-ahead-${targets++}`;
  const result = await opened(bench, (repository) =>
    restore(repository, { snapshot: 'latest', target, owners: true, readAhead }),
  );
  return { tree: readTree(bench.fs, target), result };
}

const told = ({ errors, files, bytes, isIncomplete }: RestoreResult) => ({
  errors,
  files,
  bytes,
  isIncomplete,
});

const idle = { used: () => undefined, wasted: () => undefined };

/** Advisers that do all that an adviser must not do. */
const HOSTILE: Record<string, () => ReadAhead> = {
  silent: () => ({ ...idle, accessed: () => [] }),
  rejects: () => {
    const reject = (): never => Promise.reject(new Error('late')) as never;
    return { accessed: reject, used: reject, wasted: reject };
  },
  'rejects when told': () => {
    const reject = (): never => Promise.reject(new Error('late')) as never;
    return { accessed: (_id, known) => known, used: reject, wasted: reject };
  },
  throws: () => ({
    ...idle,
    accessed: () => {
      throw new Error('no');
    },
  }),
  'throws when told': () => ({
    accessed: (_id, known) => known,
    used: () => {
      throw new Error('no');
    },
    wasted: () => {
      throw new Error('no');
    },
  }),
  nonsense: () => ({
    ...idle,
    accessed: () => ['', 'x', '../../etc', 'f'.repeat(64), 7 as unknown as string, null as unknown as string],
  }),
  'no list': () => ({ ...idle, accessed: () => 42 as unknown as string[] }),
  endless: () => ({ ...idle, accessed: () => ({ length: 1e9, 0: 'a' }) as unknown as string[] }),
  backwards: () => ({ ...idle, accessed: (_id, known) => [...known].reverse() }),
  'same again': () => ({ ...idle, accessed: (id) => new Array(1000).fill(id) }),
};

test('a restore that reads ahead writes the same bytes', async () => {
  for (const password of [undefined, 'secret']) {
    const bench = await packed({ password });
    const { tree, result } = await restored(bench, false);
    const ahead = await restored(bench, { always: true });
    assert.deepEqual(treeDifferences(tree, ahead.tree), []);
    assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), ahead.tree), []);
    assert.deepEqual(told(ahead.result), told(result));
    assert.deepEqual(result.readAhead, { issued: 0, used: 0, wasted: 0 });
    const { issued, used, wasted } = ahead.result.readAhead;
    assert.ok(used > 20 && used + wasted <= issued, JSON.stringify(ahead.result.readAhead));
  }
});

test('whatever an adviser says, the same bytes are written', async () => {
  const bench = await packed();
  const { tree, result } = await restored(bench, false);
  for (const [name, adviser] of Object.entries(HOSTILE)) {
    const advised = await restored(bench, { always: true, adviser: adviser() });
    assert.deepEqual(treeDifferences(tree, advised.tree), [], name);
    assert.deepEqual(told(advised.result), told(result), name);
  }
});

test('damage is told as it is without reading ahead, and the rest is restored', async () => {
  for (const seed of [1, 2, 3]) {
    const bench = await packed();
    const rng = new Rng(seed);
    const pack = must(
      [...bench.files()].find(([name]) => name.endsWith('.pack')),
      'a pack',
    );
    const fd = bench.fs.open(`${bench.options.path}/${pack[0]}`, 'update');
    for (let i = 0; i < 12; i++) {
      const position = 16 + rng.below(pack[1].length >> 1);
      bench.fs.write(fd, Buffer.from([rng.below(256)]), { offset: 0, length: 1, position });
    }
    bench.fs.close(fd);
    const { tree, result } = await restored(bench, false);
    assert.ok(result.errors.length > 0);
    const ahead = await restored(bench, { always: true });
    assert.deepEqual(treeDifferences(tree, ahead.tree), []);
    assert.deepEqual(told(ahead.result), told(result));
  }
});

test('a directory that cannot be listed is told of in its place', async () => {
  const bench = new Workbench();
  const nowhere = nodeCid(sha256Hex(Buffer.from('nowhere')));
  await forgeSnapshot(bench, (forge) => {
    const inner = forge.directory(['lost', DIRECTORY, nowhere], ['x', FILE, [1, forge.data('x')]]);
    return forge.directory(
      ['a', DIRECTORY, inner],
      ['b', DIRECTORY, nowhere],
      ['c', FILE, [1, forge.data('c')]],
    );
  });
  const { tree, result } = await restored(bench, false);
  const ahead = await restored(bench, { always: true });
  assert.deepEqual(
    result.errors.map(({ path, code }) => [path, code]),
    [
      ['a/lost', 'MISSING'],
      ['b', 'MISSING'],
    ],
  );
  assert.deepEqual(told(ahead.result), told(result));
  assert.deepEqual([...ahead.tree.keys()], [...tree.keys()]);
});

test('an interrupted restore ends as without reading ahead', async () => {
  const bench = await packed();
  const work = opened(bench, (repository) => {
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const clock = {
      ...bench.ports.clock,
      nowMs: () => bench.clock.nowMs() + 200 * targets++,
      turn: async () => {},
    };
    const impatient = new Proxy(repository, {
      get: (of, key) => (key === 'ports' ? { ...of.ports, clock } : Reflect.get(of, key, of)),
    });
    return restore(impatient, {
      snapshot: 'latest',
      target: '/stopped',
      readAhead: { always: true },
      onProgress,
      signal: stop.signal,
    });
  });
  await assert.rejects(work, { code: 'INTERRUPTED' });
});

test('a file read ahead is the same file, also where the thread ends on the way', async () => {
  const bench = await packed();
  for (const endsAt of [Number.POSITIVE_INFINITY, 0, 9]) {
    await opened(bench, async (repository) => {
      const whole = Buffer.concat([...fileContent(repository, 'latest', Buffer.from('zz/nearly'))]);
      const extent = { files: 1, bytes: whole.length };
      repository.reader.forget();
      const entry = must(
        [...listSnapshot(repository, 'latest', Buffer.from('zz/nearly'))][0],
        'an entry',
      ).entry;
      assert.ok(entry.type === 'file');
      const reading = openTreeReading(repository.reader, 1, { extent, options: { always: true } });
      await reading.started();
      const pieces: Buffer[] = [];
      for (const { id } of reading.blocks(entry)) {
        if (pieces.length === endsAt) await reading.close();
        pieces.push(Buffer.from(reading.readOnce(id)));
      }
      await reading.close();
      assert.ok(Buffer.concat(pieces).equals(whole));
      if (endsAt > pieces.length) assert.ok(reading.counts.used > 0);
    });
  }
});

function shuffled<T>(rng: Rng, list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: rng.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Reads all blocks of the repository once, in order or shuffled; returns what it came to. */
async function readThrough(bench: Workbench, options: CachedReaderOptions, known: number, rng?: Rng) {
  return opened(bench, async (repository) => {
    const tables = repository.packs.inOrder().map((name) => repository.packs.table(name));
    const ids = tables.flatMap((table) =>
      Array.from({ length: table.blockCount }, (_, block) => blockIdAt(table, block)),
    );
    const order = rng === undefined ? ids : shuffled(rng, ids);
    const reader = new CachedReader(repository, options);
    await reader.started();
    order.forEach((id, at) => {
      const raw = reader.read(id, order.slice(at + 1, at + 1 + known));
      assert.ok(raw.equals(repository.reader.read(id)));
    });
    await reader.close();
    return reader.counts;
  });
}

test('a long-lived reader has at hand what is known to come', async () => {
  const bench = await packed();
  const counts = await readThrough(bench, {}, 16);
  assert.ok(counts.hits > 0 && counts.used > 0, JSON.stringify(counts));
  assert.ok(counts.used + counts.wasted <= counts.issued && counts.hits <= counts.demand);
  assert.equal((await readThrough(bench, {}, 0)).issued, 0);
});

test('blocks whose footer says that they are small are not read ahead, and are read', async () => {
  const bench = new Workbench();
  const contents = [0, 1, 2].map((first) => Buffer.alloc(MIB, first));
  await bench.open(({ layout, sealer, lock, ports }) => {
    const writer = new PackWriter(ports.fs, layout.temporary(lock.writerId, 'forged'), sealer);
    for (const raw of contents) {
      const record = {
        type: RECORD_TYPES.block,
        codec: 'none',
        rawLength: raw.length,
        payload: raw,
      } as const;
      writer.append(record, { depth: 0, blocks: [{ id: sha256Hex(raw), rawLength: 4 }] });
    }
    const { path, name } = writer.finish();
    ports.fs.rename(path, layout.pack(name));
  }, 'write');
  await opened(bench, async (repository) => {
    const reader = new CachedReader(repository);
    await reader.started();
    const ids = contents.map((raw) => sha256Hex(raw));
    for (const [i, id] of ids.entries())
      assert.deepEqual(reader.read(id, ids.slice(i + 1)), must(contents[i], 'content'));
    assert.equal(reader.counts.issued, 0);
    await reader.close();
  });
});

test('guesses that nobody comes for stay within a tenth of the blocks asked for', async () => {
  const bench = await packed();
  const all = await opened(bench, async ({ packs }) =>
    packs.inOrder().flatMap((name) => {
      const table = packs.table(name);
      return Array.from({ length: table.blockCount }, (_, block) => blockIdAt(table, block));
    }),
  );
  const rng = new Rng(3);
  let told = 0;
  const adviser: ReadAhead = {
    accessed: () => shuffled(rng, all).slice(0, 5),
    used: () => undefined,
    wasted: () => {
      told += 1;
    },
  };
  const counts = await readThrough(bench, { adviser, cacheBytes: 2 * MIB }, 0, new Rng(4));
  assert.ok(counts.issued > 0);
  assert.ok(counts.wasted <= Math.max(8, counts.demand / 10), JSON.stringify(counts));
  assert.equal(told, counts.wasted);
});

test('without threads nothing is read ahead and no adviser is asked', async () => {
  const bench = await packed();
  const adviser: ReadAhead = { ...idle, accessed: () => assert.fail('asked') };
  await bench.open(async (repository) => {
    const reader = new CachedReader(repository, { adviser });
    for (const { id } of blocksOfFile(repository, 'latest', Buffer.from('zz/large'))) reader.read(id);
    assert.deepEqual({ ...reader.counts, demand: 0 }, { demand: 0, hits: 0, issued: 0, used: 0, wasted: 0 });
    await reader.close();
  });
  assert.throws(() => new CachedReader({ packs: {} as never, ports: { threads: 0 } }, { cacheBytes: KIB }));
});
