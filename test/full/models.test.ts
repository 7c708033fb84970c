// Training the shipped table again gives the shipped weights, byte for byte.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { NodeFileSystem, sha256Hex, systemClock } from '../../src/base/index.ts';
import { loadArtefact, WORKSHOPS } from '../../src/decisions/index.ts';
import { finish } from '../../src/decisions/workshop/index.ts';
import { root } from '../support.ts';

for (const workshop of WORKSHOPS) {
  test(`${workshop.room}: table and seed make the model again`, () => {
    const fs = new NodeFileSystem();
    const folder = join(root, 'models', workshop.room);
    const { manifest } = loadArtefact(fs, folder);
    const table = brotliDecompressSync(readFileSync(join(folder, 'costs.tsv.br'))).toString();
    assert.equal(sha256Hex(Buffer.from(table)), manifest.lineage.tableSha256);
    const { version, date, lineage } = manifest;
    const bench = { fs, clock: systemClock, warn: () => undefined };
    const { seed, command } = lineage;
    const draft = finish(workshop.train(bench, { table, seed, version, date, command }));
    const made = [...draft.files].map(([name, bytes]) => [name, sha256Hex(bytes)]);
    const shipped = Object.entries(manifest.files).map(([name, { sha256 }]) => [name, sha256]);
    assert.deepEqual(Object.fromEntries(made), Object.fromEntries(shipped));
    const { format: _, files: __, ...told } = manifest;
    assert.deepEqual(draft.manifest, told);
  });
}
