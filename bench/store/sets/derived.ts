// The files of set A that are made from its other files: incompressible ones, and a disk image.

import { spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { ensureTool } from '../../../test/full/tools.ts';
import { runWell } from '../commands.ts';
import { emptyFolder, remove } from '../folders.ts';

const cipherBytes = 20e6;
const gzipBytes = 9e6;
const imageSize = '60M';
const imageId = '00000000-0000-4000-8000-000000000007';
const maxTarBytes = 256 * 1024 * 1024;

/** The set while it is made: where it lies and which class took which paths. */
export interface Growing {
  readonly target: string;
  readonly taken: ReadonlyMap<string, readonly string[]>;
  readonly say: (line: string) => void;
}

const pathsOf = ({ taken }: Growing, names: readonly string[]): string[] =>
  names.flatMap((name) => taken.get(name) ?? []);

/** A tar stream of classes in which only the files' own bytes and names matter. */
function tar(set: Growing, ...names: string[]): Buffer {
  const flags = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--no-recursion', '-T', '-'];
  const { status, stdout, stderr } = spawnSync('tar', ['-cf', '-', ...flags], {
    cwd: set.target,
    input: pathsOf(set, names).join('\n'),
    maxBuffer: maxTarBytes,
  });
  if (status !== 0) throw new Error(`tar ended with ${status}: ${stderr}`);
  return stdout;
}

function encrypted(bytes: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 7), Buffer.alloc(16));
  return cipher.update(bytes);
}

/** Bytes that nothing makes smaller: ciphertext and what was compressed before. */
export function deriveIncompressible(set: Growing): void {
  const folder = join(set.target, 'derived');
  mkdirSync(folder, { recursive: true });
  const write = (name: string, bytes: Buffer): void => writeFileSync(join(folder, name), bytes);
  const params = { [constants.ZSTD_c_compressionLevel]: 9 };
  write('sources.tar.aes', encrypted(tar(set, 'Python source', 'JSON')).subarray(0, cipherBytes));
  write('scripts.tar.gz', gzipSync(tar(set, 'JavaScript', 'headers'), { level: 6 }).subarray(0, gzipBytes));
  write('json.tar.zst', zstdCompressSync(tar(set, 'JSON'), { params }));
}

/** An ext4 image of the documents, with its free space. */
export function deriveImage(set: Growing, scratch: string): void {
  const mke2fs = ensureTool('mke2fs', 'e2fsprogs');
  if (mke2fs === null) {
    set.say('set A: mke2fs IS ABSENT, the set goes without a disk image');
    return;
  }
  const source = emptyFolder(join(scratch, 'documents'));
  for (const path of pathsOf(set, ['documents'])) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    linkSync(join(set.target, path), join(source, path));
  }
  const image = join(set.target, 'derived/documents.ext4');
  const flags = ['-q', '-t', 'ext4', '-d', source, '-U', imageId, '-E', `hash_seed=${imageId}`];
  const env = { E2FSPROGS_FAKE_TIME: '1700000000' };
  runWell({ program: mke2fs, args: [...flags, image, imageSize], cwd: set.target, env });
  remove(source);
}
