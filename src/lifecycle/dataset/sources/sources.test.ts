// What every source must do, on the same samples in four places.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../../../test/support.ts';
import { FastRng } from '../../../base/index.ts';
import { TrainingDataset } from '../dataset.ts';
import { openDataSource, readDataSource } from './open.ts';

// DuckDB has no build for some machines: there, and there alone, no Parquet file is read.
const hasDuckdb = await import('@duckdb/node-api').then(
  () => true,
  () => false,
);

/** Samples of every kind: with and without group, time, weight and missing values. */
function samples(count = 300): TrainingDataset {
  const rng = new FastRng(3);
  const dataset = new TrainingDataset();
  for (let i = 0; i < count; i += 1) {
    const features = { size: i % 7 === 0 ? Number.NaN : rng.next(), depth: Math.round(10 * rng.next()) };
    const options = {
      ...(i % 3 === 0 ? {} : { group: `file-${i % 10}` }),
      ...(i % 4 === 0 ? {} : { time: 1000 + i }),
      ...(i % 5 === 0 ? { weight: 2.5 } : {}),
      cost: [rng.next(), rng.next()],
    };
    dataset.addSample(features, ['zstd', 'lz4', 'größe "x"'][i % 3] as string, options);
  }
  return dataset;
}

const rowsOf = (dataset: TrainingDataset) =>
  Array.from({ length: dataset.length }, (_, row) => dataset.sampleAt(row));
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

const linesOf = (dataset: TrainingDataset): string[] =>
  rowsOf(dataset).map(({ features: [size = 0, depth], label, group, time, weight, cost }) => {
    const rest = { group, time: orNull(time), weight, cost: [...(cost ?? [])] };
    return `${JSON.stringify({ features: { size: orNull(size), depth }, label, ...rest })}\n`;
  });

function writeSqlite(path: string, dataset: TrainingDataset): void {
  const db = new DatabaseSync(path);
  const columns =
    'size REAL, depth INTEGER, _label TEXT, _group TEXT, _time REAL, _weight REAL, _cost_1 REAL, _cost_0 REAL';
  db.exec(`CREATE TABLE samples (${columns})`);
  const insert = db.prepare('INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  for (const {
    features: [size = 0, depth = 0],
    label,
    group,
    time,
    weight,
    cost,
  } of rowsOf(dataset)) {
    insert.run(orNull(size), depth, label, group, orNull(time), weight, cost?.[1] ?? null, cost?.[0] ?? null);
  }
  db.close();
}

/** Answers with the bytes, cut where lines and characters do not end. */
async function answer(t: TestContext, bytes: Buffer, status = 200): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(request.headers.authorization === 'Bearer right' ? status : 401);
    for (let at = 0; at < bytes.length; at += 997) response.write(bytes.subarray(at, at + 997));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/samples`;
}

type Kind = 'directory' | 'sqlite' | 'parquet' | 'address';
const KINDS: readonly Kind[] = ['directory', 'sqlite', 'parquet', 'address'];

/** Puts the samples into a source. @returns what names it */
const PLACES: Readonly<Record<Kind, (t: TestContext, dataset: TrainingDataset) => Promise<string>>> = {
  async directory(t, dataset) {
    const folder = temporaryFolder(t);
    const lines = linesOf(dataset);
    // By name, and nothing else; the last line needs no end.
    writeFileSync(`${folder}/b.jsonl`, lines.slice(100).join('').trimEnd());
    writeFileSync(`${folder}/a.jsonl`, `\n${lines.slice(0, 100).join('\r\n')}`);
    writeFileSync(`${folder}/README.md`, 'no samples');
    return folder;
  },
  async sqlite(t, dataset) {
    const path = `${temporaryFolder(t)}/samples.db`;
    writeSqlite(path, dataset);
    return `sqlite:${path}?query=${encodeURIComponent('SELECT * FROM samples ORDER BY rowid')}`;
  },
  async parquet(t, dataset) {
    const path = `${temporaryFolder(t)}/samples.parquet`;
    await dataset.save(path);
    return path;
  },
  address: (t, dataset) => answer(t, Buffer.from(linesOf(dataset).join(''))),
};

for (const kind of KINDS) {
  const skip = kind === 'parquet' && !hasDuckdb ? '@duckdb/node-api HAS NO BUILD FOR THIS MACHINE' : false;
  test(`${kind}: the same samples in the same order, however often they are read`, { skip }, async (t) => {
    const dataset = samples();
    const source = openDataSource(await PLACES[kind](t, dataset), { key: 'right' });
    for (let i = 0; i < 2; i += 1) {
      const read = await readDataSource(source);
      assert.deepEqual(
        read.features.map(({ name }) => name),
        ['size', 'depth'],
      );
      assert.equal(read.digest(), dataset.digest());
    }
  });

  test(`${kind}: whoever has enough may stop`, { skip }, async (t) => {
    const url = await PLACES[kind](t, samples());
    let count = 0;
    for await (const _ of openDataSource(url, { key: 'right' }).samples()) {
      count += 1;
      if (count === 5) break;
    }
    assert.equal(count, 5);
    const signal = AbortSignal.abort();
    await assert.rejects(readDataSource(openDataSource(url, { key: 'right' }), { signal }), {
      code: 'INTERRUPTED',
    });
  });
}

test('a database and a Parquet file of other tools name their label', async (t) => {
  const path = `${temporaryFolder(t)}/other.db`;
  const db = new DatabaseSync(path);
  db.exec('CREATE TABLE t (x INTEGER, y REAL); INSERT INTO t VALUES (1, 0.5), (2, NULL), (3, 4)');
  db.close();
  const url = `sqlite:${path}?table=t`;
  await assert.rejects(readDataSource(openDataSource(url)), { code: 'USAGE', message: /no column _label/ });
  const { table } = await readDataSource(openDataSource(url, { label: 'x' }));
  assert.deepEqual(
    [[...table.y], [...table.x]],
    [
      [1, 2, 3],
      [0.5, Number.NaN, 4],
    ],
  );
});

test('what is no sample is refused with its place', async (t) => {
  const folder = temporaryFolder(t);
  for (const line of [
    '{',
    '{}',
    '[]',
    'null',
    '{"features":{"x":1}}',
    `{"features":"${'x'.repeat(300_000)}"}`,
    '\xff',
  ]) {
    writeFileSync(
      `${folder}/a.jsonl`,
      Buffer.from(`{"features":{"x":1},"label":"a"}\n\n${line}\n`, 'latin1'),
    );
    await assert.rejects(
      readDataSource(openDataSource(folder)),
      { code: 'DAMAGED', message: /a\.jsonl:3/ },
      line,
    );
  }
  writeFileSync(`${folder}/a.jsonl`, '{"features":{"x":1},"label":"a"}\n{"features":{"y":1},"label":"a"}\n');
  await assert.rejects(readDataSource(openDataSource(folder)), { code: 'USAGE' });
});

test('what is not there, cannot be asked or answers wrong is said with a code', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(`${folder}/empty`);
  writeFileSync(`${folder}/text.db`, 'no database at all, whatever its name says it is');
  writeSqlite(`${folder}/samples.db`, samples(1));
  const gone = await answer(t, Buffer.from(''), 404);
  const cut = await answer(t, Buffer.from('{"features":'));
  const cases: readonly [string, string, string?][] = [
    [`${folder}/none`, 'MISSING'],
    [`${folder}/empty`, 'EMPTY'],
    [`sqlite:${folder}/none.db?table=t`, 'MISSING'],
    [`sqlite:${folder}/text.db?table=t`, 'DAMAGED'],
    [`sqlite:${folder}/samples.db?query=DROP TABLE samples`, 'USAGE'],
    [gone, 'MISSING', 'right'],
    [gone, 'REFUSED', 'wrong'],
    [cut, 'DAMAGED', 'right'],
    ['http://127.0.0.1:1/', 'IO'],
  ];
  for (const [url, code, key] of cases) {
    const source = openDataSource(url, key === undefined ? {} : { key });
    await assert.rejects(readDataSource(source), { code }, url);
  }
  for (const url of ['ftp://a/b', 'sqlite:x.db', 'sqlite:?table=t', 'http://', 'http://u:p@host/']) {
    assert.throws(() => openDataSource(url), { code: 'USAGE' }, url);
  }
  assert.equal((await readDataSource(openDataSource(`sqlite:${folder}/samples.db?table=samples`))).length, 1);
});
