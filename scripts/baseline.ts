// How large the same directory is for the tools everybody has: a tar stream through gzip and zstd, inside Node.
import { createReadStream, type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';

/** Bytes of a directory as stored by other means. */
export interface Baseline {
  tarBytes: number;
  gzipBytes: number;
  zstdBytes: number;
}

const BLOCK_BYTES = 512;
/** zstd -3 --long: a window of 128 MiB. */
const ZSTD = {
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 27 },
};

/** A header with what varies between files; its checksum and owner would not change the compressed size by much. */
function header(name: string, size: number, path: string): Buffer {
  const { mode, mtimeMs } = lstatSync(path);
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name.slice(-100), 0);
  block.write((mode & 0o7777).toString(8).padStart(7, '0'), 100);
  block.write(size.toString(8).padStart(11, '0'), 124);
  block.write(
    Math.floor(mtimeMs / 1000)
      .toString(8)
      .padStart(11, '0'),
    136,
  );
  block.write('ustar\x0000', 257);
  return block;
}

/** All entries below a directory. Not by `readdirSync` itself, which goes through links to directories. */
function below(directory: string): { entry: Dirent; path: string }[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return [{ entry, path }, ...(entry.isDirectory() ? below(path) : [])];
  });
}

/** The directory as a tar stream, names sorted. */
async function* tar(directory: string): AsyncGenerator<Buffer> {
  for (const { entry, path } of below(directory).sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = path.slice(directory.length + 1);
    const size = entry.isFile() ? lstatSync(path).size : 0;
    const block = header(name, size, path);
    if (entry.isSymbolicLink()) block.write(readlinkSync(path).slice(0, 100), 157);
    yield block;
    if (size === 0) continue;
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) yield chunk;
    if (size % BLOCK_BYTES !== 0) yield Buffer.alloc(BLOCK_BYTES - (size % BLOCK_BYTES));
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

async function measure(directory: string, through?: NodeJS.ReadWriteStream): Promise<number> {
  let bytes = 0;
  const count = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) bytes += chunk.length;
  };
  const source = Readable.from(tar(directory), { objectMode: true });
  if (through === undefined) await pipeline(source, count);
  else await pipeline(source, through, count);
  return bytes;
}

/** Measures all of them; takes about as long as `gzip` does. */
export async function measureBaseline(directory: string): Promise<Baseline> {
  const [tarBytes, gzipBytes, zstdBytes] = await Promise.all([
    measure(directory),
    measure(directory, createGzip({ chunkSize: 1024 * 1024 })),
    measure(directory, createZstdCompress({ ...ZSTD, chunkSize: 1024 * 1024 })),
  ]);
  return { tarBytes, gzipBytes, zstdBytes };
}
