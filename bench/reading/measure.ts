// What is measured: a restore, a whole file, and reads of 64 KiB; each with and without reading ahead.
import { rmSync } from 'node:fs';
import { KIB, Rng } from '../../src/base/index.ts';
import { blocksOfFile, CachedReader, fileContent, Repository, restore } from '../../src/blocks/index.ts';
import { median } from '../common/statistics.ts';
import { type Corpus, ONE_FILE, portsWith } from './corpora.ts';

export type Mode = 'off' | 'on';

/** One run: what each thing took, in the unit its name ends with. */
export type Taken = Readonly<Record<string, number>>;

const PIECE_BYTES = 64 * KIB;
const READS = 2000;
/** Blocks a read says come next. */
const KNOWN = 16;
const SEED = 1;

async function opened<T>(
  { repository: path }: Corpus,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const repository = new Repository({ path }, portsWith(1), 'read');
  try {
    return await work(repository);
  } finally {
    repository.close();
  }
}

/** @param always read ahead also where it is not worth it by the built-in rule */
export async function restoreOnce(corpus: Corpus, mode: Mode, always: boolean): Promise<Taken> {
  const target = `${corpus.repository}-restored`;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const { errorCount } = await opened(corpus, (repository) =>
    restore(repository, { snapshot: 'latest', target, readAhead: mode === 'on' ? { always } : false }),
  );
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  rmSync(target, { recursive: true });
  if (errorCount > 0) throw new Error(`${errorCount} files of ${corpus.name} were not restored`);
  return { 'restore, ms': wallMs, 'restore CPU, ms': (user + system) / 1000 };
}

export async function catOnce(corpus: Corpus, mode: Mode): Promise<Taken> {
  const startedMs = performance.now();
  const bytes = await opened(corpus, async (repository) => {
    let total = 0;
    const readAhead = mode === 'on' ? {} : false;
    for (const piece of fileContent(repository, 'latest', ONE_FILE, { readAhead })) total += piece.length;
    return total;
  });
  if (bytes !== corpus.bytes) throw new Error(`${bytes} of ${corpus.bytes} bytes were read`);
  return { 'cat, ms': performance.now() - startedMs };
}

/** Reads of a long-lived reader, one after the other and all over the file. */
export function readOnce(corpus: Corpus, mode: Mode): Promise<Taken> {
  return opened(corpus, async (repository) => {
    const blocks: { id: string; start: number; end: number }[] = [];
    let size = 0;
    for (const { id, length } of blocksOfFile(repository, 'latest', ONE_FILE)) {
      blocks.push({ id, start: size, end: size + length });
      size += length;
    }
    const rng = new Rng(SEED);
    const inOrder = Array.from({ length: READS }, (_, i) => i * PIECE_BYTES);
    const anywhere = inOrder.map(() => Math.floor(rng.next() * (size - PIECE_BYTES)));
    const taken: Record<string, number> = {};
    for (const [name, starts] of [
      ['in order', inOrder],
      ['anywhere', anywhere],
    ] as const) {
      const reader = new CachedReader({ packs: repository.packs, ports: { threads: mode === 'on' ? 1 : 0 } });
      await reader.started();
      const times = starts.map((start) => {
        const startedMs = performance.now();
        let at = firstBlock(blocks, start);
        for (; at < blocks.length && (blocks[at]?.start ?? size) < start + PIECE_BYTES; at++) {
          // Where reads go on is known only of those in order.
          const known = name === 'in order' ? blocks.slice(at + 1, at + 1 + KNOWN).map(({ id }) => id) : [];
          reader.read(blocks[at]?.id ?? '', known);
        }
        return 1000 * (performance.now() - startedMs);
      });
      taken[`64 KiB ${name}, µs`] = median(times) ?? Number.NaN;
      await reader.close();
    }
    return taken;
  });
}

/** The block that holds an offset. */
function firstBlock(blocks: readonly { readonly end: number }[], offset: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
