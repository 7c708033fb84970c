import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../../../test/support.ts';
import { hasCode, ManualClock, sha256Hex } from '../../../base/index.ts';
import { openRegistry } from '../data-directory.ts';
import { house, metadataOf } from '../testing/house.ts';

const HOUR_MS = 3_600_000;
const code = (wanted: string) => (error: unknown) => hasCode(error, wanted as 'LOCKED');

/** A house whose files are as old as its clock says. */
function settled() {
  const home = house();
  const { registry, fs, clock } = home;
  const touch = (path: string): void => fs.setMtime(path, BigInt(clock.nowMs()) * 1_000_000n);
  const store = async (content: string | AsyncIterable<Uint8Array>): Promise<string> => {
    const source = typeof content === 'string' ? Buffer.from(content) : content;
    const { sha256 } = await registry.store.put(source);
    touch(`/models/objects/${sha256.slice(0, 2)}/${sha256.slice(2)}`);
    return sha256;
  };
  return { ...home, store, touch };
}

test('what nothing names goes after an hour, and what anything names stays', async () => {
  const { registry, tracking, clock, store } = settled();
  const kept = [sha256Hex(Buffer.from('version')), sha256Hex(Buffer.from('run')), await store('both')];
  await registry.registerModel(metadataOf('v1'), Buffer.from('version'));
  await tracking.artifacts.put('0/r/artifacts', 'a', Buffer.from('run'));
  await tracking.artifacts.put('0/r/artifacts', 'b', Buffer.from('both'));
  const gone = [await store('loose'), await store('looser')];
  clock.advance(HOUR_MS);
  assert.deepEqual(await registry.collectGarbage(), { files: 0, bytes: 0 });
  clock.advance(1);
  assert.deepEqual(await registry.collectGarbage({ isDryRun: true }), { files: 2, bytes: 11 });
  assert.ok(gone.every((sha256) => registry.store.has(sha256)));
  assert.deepEqual(await registry.collectGarbage({ actor: 'ops', reason: 'tidy' }), { files: 2, bytes: 11 });
  assert.deepEqual(registry.store.list(), kept.sort());
  assert.deepEqual(await registry.collectGarbage(), { files: 0, bytes: 0 });
  const entry = (await registry.audit.entries()).at(-1);
  assert.deepEqual([entry?.action, entry?.actor, entry?.reason], ['artefacts.collect', 'ops', 'tidy']);
  const before = entry?.before as { readonly sha256: string }[] | undefined;
  assert.deepEqual(before?.map((file) => file.sha256).sort(), gone.sort());
});

test('the files of a version that was deleted go with the next round', async () => {
  const { registry, clock } = settled();
  const modelId = await registry.registerModel(metadataOf('v1'), Buffer.from('version'));
  await registry.archiveModel(modelId);
  clock.advance(2 * HOUR_MS);
  assert.equal((await registry.collectGarbage()).files, 0);
  await registry.deleteModel(modelId);
  assert.equal((await registry.collectGarbage()).files, 1);
});

test('nothing goes while something is on its way, or may be', async () => {
  const { registry, clock, store, touch, fs } = settled();
  const sha256 = await store('loose');
  clock.advance(2 * HOUR_MS);
  const { promise, resolve } = Promise.withResolvers<void>();
  const upload = store(
    (async function* () {
      yield Buffer.from('new');
      await promise;
    })(),
  );
  await assert.rejects(registry.collectGarbage(), code('LOCKED'));
  await assert.rejects(registry.collectGarbage({ isDryRun: true }), code('LOCKED'));
  resolve();
  await upload;
  const release = registry.store.uploads.hold();
  await assert.rejects(registry.collectGarbage(), code('LOCKED'));
  release();
  // Stored once more, it may be named in a moment.
  await registry.store.put(Buffer.from('loose'));
  assert.equal((await registry.collectGarbage({ isDryRun: true })).files, 0);
  assert.ok(registry.store.has(sha256));
  // What was cut off counts for a day.
  registry.store.uploads.hold();
  const [left] = fs.readDirectory('/models/tmp').map(String);
  touch(`/models/tmp/${left}`);
  await assert.rejects(registry.collectGarbage(), code('LOCKED'));
  clock.advance(24 * HOUR_MS + 1);
  assert.equal((await registry.collectGarbage()).files, 2);
});

test('whoever names a file while it is collected has it, or learns that it is gone', async () => {
  const { registry, tracking, clock, store } = settled();
  const sha256 = await store('loose');
  clock.advance(2 * HOUR_MS);
  const draft = { source: 's3://b/m', files: [{ name: 'm', sha256, bytes: 5 }] };
  await registry.models.create({ name: 'm', policy: 'open' });
  const [collected, made] = await Promise.allSettled([
    registry.collectGarbage(),
    registry.versions.create('m', draft),
  ]);
  assert.equal(collected.status, 'fulfilled');
  assert.equal(made.status === 'fulfilled', registry.store.has(sha256));
  await tracking.artifacts.put('0/r/artifacts', 'a', Buffer.from('loose'));
  assert.ok(registry.store.has(sha256));
});

test('a file that went between its upload and its name is sent again, not named', async () => {
  const { registry, tracking, state } = settled();
  const sha256 = sha256Hex(Buffer.from('loose'));
  const removal = state.write(async (sql) => {
    while (!registry.store.has(sha256)) await sql.get('SELECT 1 AS one');
    registry.store.remove(sha256);
  });
  const upload = tracking.artifacts.put('0/r/artifacts', 'a', Buffer.from('loose'));
  await assert.rejects(upload, code('MISSING'));
  await removal;
  assert.deepEqual(await tracking.artifacts.list('0/r/artifacts'), []);
});

test('any order of storing, naming, forgetting and collecting keeps what is named', async () => {
  const step = fc.record({ what: fc.constantFrom('put', 'forget', 'collect'), which: fc.nat({ max: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { registry, tracking, clock } = settled();
      const named = new Set<number>();
      for (const { what, which } of steps) {
        const content = Buffer.from(`content ${which}`);
        if (what === 'put') {
          await tracking.artifacts.put('0/r/artifacts', `f${which}`, content);
          named.add(which);
        } else if (what === 'forget') {
          await tracking.artifacts.remove('0/r/artifacts', `f${which}`);
          named.delete(which);
        } else {
          clock.advance(2 * HOUR_MS);
          await registry.collectGarbage();
        }
        for (const each of named)
          assert.ok(registry.store.has(sha256Hex(Buffer.from(`content ${each}`))), `content ${each}`);
      }
      clock.advance(2 * HOUR_MS);
      await registry.collectGarbage();
      assert.equal(registry.store.list().length, named.size);
    }),
    { numRuns: 40 },
  );
});

test('what another registry keeps in the same folder is not collected', async (t) => {
  const folder = temporaryFolder(t);
  const clock = new ManualClock(Date.now());
  const storageDir = `${folder}/shared`;
  const open = (name: string) => {
    const directory = openRegistry(`${folder}/${name}`, { storageDir, clock });
    t.after(() => directory.close());
    return directory;
  };
  const ours = open('ours');
  const modelId = await ours.registry.registerModel(metadataOf('v1'), Buffer.from('version'));
  clock.advance(2 * HOUR_MS);
  assert.equal((await ours.registry.collectGarbage()).files, 0);
  // Such as a directory whose name was mistyped, where the folder comes from the environment.
  for (const { registry } of [open('typo'), ours]) {
    for (const isDryRun of [true, false])
      await assert.rejects(registry.collectGarbage({ isDryRun }), code('REFUSED'));
  }
  assert.equal((await ours.registry.verify()).damaged.length, 0);
  await ours.registry.loadModel(modelId);
});
