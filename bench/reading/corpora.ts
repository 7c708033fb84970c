// What is read: repositories of real files, packed into a folder of their own.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NodeFileSystem, secureBytes, silentLog, systemClock, systemHost } from '../../src/base/index.ts';
import { createRepository, pack, Repository, type RepositoryPorts } from '../../src/blocks/index.ts';
import { discover } from '../../src/decisions/data/index.ts';

/** A packed folder. */
export interface Corpus {
  readonly name: string;
  readonly repository: string;
  readonly files: number;
  readonly bytes: number;
}

/** Copies of the diverse set that share no block with each other. */
const SHIFTS = 4;
/** The one file of the last corpus. */
export const ONE_FILE = Buffer.from('all');

export function portsWith(threads: number): RepositoryPorts {
  return {
    fs: new NodeFileSystem(),
    clock: systemClock,
    host: systemHost,
    random: secureBytes,
    log: silentLog,
    index: 'sqlite',
    threads,
  };
}

interface Writing {
  readonly data: string;
  readonly folder: string;
  readonly warn: (line: string) => void;
}

/** All versions in path order, the diverse set, the same several times over, and that as one file. */
export async function packCorpora(writing: Writing): Promise<Corpus[]> {
  const several = Array.from({ length: SHIFTS }, (_, shift) => shift);
  return [
    await packed('versions', writing, (folder) => writeFiles(folder, shiftedFiles(writing, 'versions', 0))),
    await packed('diverse', writing, (folder) => writeFiles(folder, shiftedFiles(writing, 'compression', 0))),
    await packed(`diverse x ${SHIFTS}`, writing, (folder) => {
      for (const shift of several)
        writeFiles(join(folder, String(shift)), shiftedFiles(writing, 'compression', shift));
    }),
    await packed('one file', writing, (folder) => {
      mkdirSync(folder);
      const out = join(folder, ONE_FILE.toString());
      for (const shift of several)
        for (const { bytes } of shiftedFiles(writing, 'compression', shift)) appendFileSync(out, bytes);
    }),
  ];
}

async function packed(name: string, { folder }: Writing, write: (folder: string) => void): Promise<Corpus> {
  const source = join(folder, 'source');
  write(source);
  const path = join(folder, name.replaceAll(' ', '-'));
  const ports = portsWith(1);
  createRepository({ path }, ports);
  const repository = new Repository({ path }, ports, 'write');
  try {
    const { files, bytes } = await pack(repository, { paths: [Buffer.from(source)] });
    return { name, repository: path, files, bytes };
  } finally {
    repository.close();
    rmSync(source, { recursive: true });
  }
}

type File = { readonly path: string; readonly bytes: Uint8Array };

function writeFiles(folder: string, files: Iterable<File>): void {
  for (const { path, bytes } of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
}

/** The files of all sets of a kind, each byte moved by `shift`: as compressible as before, and no block the same. */
function* shiftedFiles(
  { data, warn }: Writing,
  kind: 'compression' | 'versions',
  shift: number,
): Generator<File> {
  for (const set of discover(new NodeFileSystem(), data, kind, warn)) {
    for (const { name, bytes } of set.files())
      yield { path: join(set.name, name), bytes: shift === 0 ? bytes : bytes.map((byte) => byte + shift) };
  }
}
