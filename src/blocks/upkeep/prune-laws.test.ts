// What `prune` promises after any history, and when it refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chainsOf } from '../../../test/golden/chains.ts';
import { packFresh, REPOSITORY, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../../../test/sim/tree-state.ts';
import { KIB, MAX_CHAIN_DEPTH, MIB, Rng } from '../../base/index.ts';
import { stats, verify } from '../check/index.ts';
import { forget } from './forget.ts';
import { optimize } from './optimize.ts';
import { type PruneOptions, type PruneResult, prune } from './prune.ts';
import { repair } from './repair.ts';

const FAMILIES = [1, 2].map((seed) => treeVersions(new Rng(seed), 5, { files: 10, maxFileBytes: 40_000 }));
/** Packs so small that most operations meet several. */
const SIZES = { arenaBytes: 32 * MIB, resemblanceBytes: MIB / 4, packBytes: 16 * KIB };
const HOUR_MS = 3_600_000;

const pruned = (bench: Workbench, options: PruneOptions = {}): Promise<PruneResult> =>
  bench.open((repository) => prune(repository, options), 'exclusive');

/** A repository and what each of its snapshots must restore to. */
class History {
  readonly bench = new Workbench({ sizes: SIZES });
  readonly trees = new Map<string, TreeState>();

  async pack(family: number, version: number): Promise<void> {
    this.bench.build(FAMILIES[family]?.[version] ?? []);
    const { snapshot = '' } = await this.bench.pack();
    this.trees.set(snapshot, readTree(this.bench.fs, SOURCE));
  }

  async forget(share: number): Promise<void> {
    const id = [...this.trees.keys()][Math.floor(share * this.trees.size)];
    if (id === undefined) return;
    this.trees.delete(id);
    await this.bench.open((repository) => forget(repository, { snapshots: [id] }), 'write');
  }

  async prune(maxUnusedShare: number, graceHours: number): Promise<void> {
    const { bench } = this;
    const before = this.#snapshotFiles();
    const wanted = await pruned(bench, { maxUnusedShare, dryRun: true });
    const graceMs = graceHours * HOUR_MS;
    const first = await pruned(bench, { maxUnusedShare, graceMs });
    assert.equal(first.replacedPacks, wanted.replacedPacks);
    assert.deepEqual(this.#snapshotFiles(), before);
    await this.check();
    const { unusedBytes, bytes } = await this.#waste();
    assert.ok(unusedBytes <= (maxUnusedShare + 0.01) * bytes, `${unusedBytes} of ${bytes}`);
    const files = bench.hashes();
    const second = await pruned(bench, { maxUnusedShare, graceMs });
    assert.deepEqual(
      [second.replacedPacks, bench.hashes()],
      [0, files],
      'the second time there is nothing to do',
    );
    if (graceHours === 0) assert.ok(!files.has('doomed'));
  }

  /** Every snapshot that was not forgotten restores, and every block that is left decodes. */
  async check(): Promise<void> {
    await this.bench.open(async (repository) => {
      assert.deepEqual((await verify(repository, { data: true })).damage, []);
      for (const { steps, declared } of chainsOf(repository)) {
        assert.ok(steps <= declared && declared <= MAX_CHAIN_DEPTH);
      }
    });
    for (const [id, tree] of this.trees) {
      const { tree: restored, errors } = await this.bench.restored(id);
      assert.deepEqual(errors, []);
      assert.deepEqual(treeDifferences(tree, restored), []);
    }
  }

  async #waste(): Promise<{ unusedBytes: number; bytes: number }> {
    const { unusedBytes } = await pruned(this.bench, { dryRun: true });
    return { unusedBytes, bytes: (await this.bench.open(stats)).packBytes };
  }

  #snapshotFiles(): Map<string, string> {
    return new Map([...this.bench.hashes()].filter(([name]) => name.startsWith('snapshots/')));
  }
}

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('pack' as const), fc.nat(1), fc.nat(4)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('forget' as const), share, fc.constant(0)) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant('prune' as const),
      fc.constantFrom(0, 0, 0.05, 0.2, 0.5, 1),
      fc.constantFrom(0, 0, 30),
    ),
  },
);

test('whatever is packed and forgotten, prune takes that and no more', async () => {
  const run = async (steps: readonly [string, number, number][]): Promise<void> => {
    const history = new History();
    await history.pack(0, 0);
    for (const [what, one, other] of steps) {
      if (what === 'pack') await history.pack(one, other);
      else if (what === 'forget') await history.forget(one);
      else await history.prune(one, other);
    }
    await history.prune(0, 0);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 9 }), run), {
    seed: 7,
    numRuns: 12,
  });
});

test('what may stay unused is a share of what stays', async () => {
  const bench = new Workbench();
  // Of the first pack hardly anything is needed, of the second two thirds.
  bench.build([
    { path: 'a', bytes: noise(new Rng(1), 300_000) },
    { path: 'keep-a', bytes: noise(new Rng(2), 20_000) },
  ]);
  await bench.pack();
  bench.build([
    { path: 'b', bytes: noise(new Rng(3), 30_000) },
    { path: 'keep-b', bytes: noise(new Rng(4), 60_000) },
  ]);
  await bench.pack();
  bench.build([
    { path: 'keep-a', bytes: noise(new Rng(2), 20_000) },
    { path: 'keep-b', bytes: noise(new Rng(4), 60_000) },
  ]);
  await bench.pack();
  await bench.open((repository) => forget(repository, { keep: { last: 1 } }), 'write');
  await pruned(bench, { maxUnusedShare: 0.1 });
  const { unusedBytes } = await pruned(bench, { dryRun: true });
  assert.ok(unusedBytes <= 9000, `${unusedBytes} bytes`);
});

test('without snapshots nothing stays', async () => {
  const { bench, result } = await packFresh(FAMILIES[0]?.[0] ?? [], { sizes: SIZES });
  await bench.open((repository) => forget(repository, { snapshots: [result.snapshot ?? ''] }), 'write');
  const { packs, deletedPacks } = await pruned(bench, { maxUnusedShare: 1 });
  assert.ok(packs > 2);
  assert.equal(deletedPacks, packs);
  assert.deepEqual([...bench.files().keys()], ['config']);
});

test('an empty repository', async () => {
  const bench = new Workbench();
  const { unusedBytes, replacedPacks, freedBytes } = await pruned(bench);
  assert.deepEqual([unusedBytes, replacedPacks, freedBytes], [0, 0, 0]);
});

/** Two packs, the first of which is not needed once the first snapshot is forgotten. */
async function twoPacks(): Promise<{ bench: Workbench; packs: string[]; snapshots: string[] }> {
  const { bench, result } = await packFresh([{ path: 'a', bytes: noise(new Rng(1), 40_000) }]);
  bench.build([{ path: 'b', bytes: text(new Rng(2), 60_000) }]);
  const second = await bench.pack();
  const packs = [...bench.files().keys()].filter((name) => name.startsWith('store/'));
  return { bench, packs, snapshots: [result.snapshot ?? '', second.snapshot ?? ''] };
}

test('refused as long as a snapshot cannot be read or a block is missing; nothing is removed', async () => {
  const codes = ['DAMAGED', 'TRUNCATED', 'MISSING'];
  for (const tool of [prune, optimize]) {
    const { bench, packs, snapshots } = await twoPacks();
    const [forgotten, kept] = snapshots as [string, string];
    await bench.open((repository) => forget(repository, { snapshots: [forgotten] }), 'write');
    const whole = bench.files();
    const cases: [path: string, bytes: Buffer | undefined][] = [
      [`snapshots/${kept}`, Buffer.from('no snapshot')],
      ...packs.flatMap((path): [string, Buffer | undefined][] => [
        [path, undefined],
        [path, (whole.get(path) as Buffer).subarray(0, 1000)],
      ]),
    ];
    let refused = 0;
    for (const [path, bytes] of cases) {
      if (bytes === undefined) bench.fs.unlink(`${REPOSITORY}/${path}`);
      else writeFile(bench.fs, `${REPOSITORY}/${path}`, bytes);
      const before = bench.hashes();
      try {
        await bench.open<unknown>((repository) => tool(repository, {}), 'exclusive');
      } catch (error) {
        refused += 1;
        assert.ok(codes.includes((error as { code: string }).code), String(error));
        assert.deepEqual(bench.hashes(), before, path);
      }
      for (const [name, was] of whole) writeFile(bench.fs, `${REPOSITORY}/${name}`, was);
    }
    // All but the one about the pack that is gone and not needed.
    assert.equal(refused, 4, tool.name);
  }
});

test('refused while a base is missing that a needed delta rests on', async () => {
  const base = text(new Rng(1), 60_000);
  const { bench } = await packFresh([{ path: 'a', bytes: base }]);
  const [pack = ''] = [...bench.files().keys()].filter((name) => name.startsWith('store/'));
  bench.build([
    { path: 'a', bytes: Buffer.concat([base, Buffer.from('more')]) },
    { path: 'b', bytes: 'b' },
  ]);
  await bench.pack();
  await bench.open((repository) => forget(repository, { keep: { last: 1 } }), 'write');
  bench.fs.unlink(`${REPOSITORY}/${pack}`);
  // Something must be unused, or there is no reason to look at bases.
  bench.build([{ path: 'c', bytes: noise(new Rng(2), 90_000) }]);
  const { snapshot = '' } = await bench.pack({ readAll: true });
  await bench.open((repository) => forget(repository, { snapshots: [snapshot] }), 'write');
  const before = bench.hashes();
  await assert.rejects(pruned(bench), { code: 'MISSING_BASE' });
  assert.deepEqual(bench.hashes(), before);
});

test('a needed block that cannot be read any more: it ends, and everything is still where it was', async () => {
  for (const tool of [prune, optimize]) {
    const { bench } = await packFresh([
      { path: 'a', bytes: noise(new Rng(1), 60_000) },
      { path: 'b', bytes: noise(new Rng(2), 60_000) },
    ]);
    const [pack = ''] = [...bench.files().keys()].filter((name) => name.startsWith('store/'));
    bench.build([{ path: 'a', bytes: noise(new Rng(1), 60_000) }]);
    await bench.pack();
    await bench.open((repository) => forget(repository, { keep: { last: 1 } }), 'write');
    const damaged = Buffer.from(bench.files().get(pack) as Buffer);
    damaged[500] = (damaged[500] as number) ^ 1;
    writeFile(bench.fs, `${REPOSITORY}/${pack}`, damaged);
    const before = bench.hashes();
    await assert.rejects(
      bench.open<unknown>((repository) => tool(repository, {}), 'exclusive'),
      { code: 'DAMAGED' },
      tool.name,
    );
    assert.deepEqual(bench.hashes(), before);
  }
});

test('never beside a reader or a writer, nor they beside it', async () => {
  const { bench } = await twoPacks();
  const before = bench.hashes();
  for (const other of ['read', 'write'] as const) {
    for (const tool of [prune, optimize, repair]) {
      await bench.open(async () => {
        await assert.rejects(
          bench.open<unknown>((repository) => tool(repository, {}), 'exclusive'),
          { code: 'LOCKED' },
          `${tool.name} beside ${other}`,
        );
      }, other);
    }
    await bench.open(async () => {
      await assert.rejects(
        bench.open(() => undefined, other),
        { code: 'LOCKED' },
        other,
      );
    }, 'exclusive');
  }
  assert.deepEqual(bench.hashes(), before);
});

test('interrupted, nothing is removed, and the next run goes on', async () => {
  for (const tool of [prune, optimize]) {
    const { bench, snapshots } = await twoPacks();
    await bench.open((repository) => forget(repository, { snapshots: [snapshots[0] ?? ''] }), 'write');
    const before = bench.files();
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    await assert.rejects(
      bench.open<unknown>((repository) => tool(repository, { signal: stop.signal, onProgress }), 'exclusive'),
      { code: 'INTERRUPTED' },
    );
    for (const [name, bytes] of before) assert.ok(bench.files().get(name)?.equals(bytes), name);
    await bench.open<unknown>((repository) => tool(repository, {}), 'exclusive');
    assert.deepEqual((await bench.open((repository) => verify(repository, { data: true }))).damage, []);
  }
});

test('a lock that was taken away, as after a long sleep: nothing is removed', async () => {
  for (const tool of [prune, optimize, repair]) {
    const { bench, packs, snapshots } = await twoPacks();
    await bench.open((repository) => forget(repository, { snapshots: [snapshots[0] ?? ''] }), 'write');
    if (tool === repair) writeFile(bench.fs, `${REPOSITORY}/${packs[1]}`, 'damage');
    const before = bench.files();
    const onProgress = (): void => {
      for (const name of bench.fs.readDirectory(`${REPOSITORY}/locks`))
        bench.fs.unlink(`${REPOSITORY}/locks/${name}`);
    };
    await assert.rejects(
      bench.open<unknown>((repository) => tool(repository, { onProgress }), 'exclusive'),
      { code: 'LOCKED' },
      tool.name,
    );
    const after = bench.files();
    for (const [name, bytes] of before) assert.ok(after.get(name)?.equals(bytes), `${tool.name}: ${name}`);
    assert.ok(!after.has('doomed'));
  }
});

test('progress ends with all packs', async () => {
  const { bench, snapshots } = await twoPacks();
  await bench.open((repository) => forget(repository, { snapshots: [snapshots[0] ?? ''] }), 'write');
  const seen: number[] = [];
  const onProgress = ({ packs, totalPacks }: { packs: number; totalPacks: number }) =>
    seen.push(packs / totalPacks);
  await pruned(bench, { onProgress });
  assert.equal(seen.at(-1), 1);
});
