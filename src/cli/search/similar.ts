import type { Command } from 'commander';
import { blocksOfFile, FingerprintIndex, type Repository, type SimilarBlock } from '../../blocks/index.ts';
import { eachItem, printJsonList } from '../commands/list.ts';
import type { CommonOptions, Context } from '../context.ts';
import { wholeNumber, withExamples, withJson } from '../options.ts';
import { storedPath } from '../sources.ts';
import { bytesText, counted } from '../text.ts';

interface SimilarCommandOptions extends CommonOptions {
  readonly path?: string;
  readonly top?: number;
}

/** A block that is asked about; of a file also where it is and how long. */
interface Asked {
  readonly block: string;
  readonly offset?: number;
  readonly length?: number;
}

type Answered = Asked & { readonly similar: readonly SimilarBlock[] };

const MAX_TOP = 1000;
const DEFAULT_TOP = 5;

/** Adds `similar`. */
export function registerSimilar(program: Command, context: Context): void {
  const command = program
    .command('similar')
    .argument('<id>', 'a block: its id or a unique prefix; with --path, a snapshot');
  withJson(
    withExamples(command, [
      'pilotfish similar 3f9a77 --repo /backup/repo              blocks that resemble this one',
      'pilotfish similar latest --path docs/notes.md --top 3     those that resemble the blocks of a file',
    ]),
  )
    .description('list blocks that are nearly the same, most similar first')
    .option('--path <path>', 'ask for every block of this file of the snapshot')
    .option(
      '--top <n>',
      'most blocks listed for each, 1 to 1000 (default: 5)',
      wholeNumber('--top', { min: 1, max: MAX_TOP }),
    )
    .option('--quiet', 'no progress while fingerprints are made')
    .action((id: string, options: SimilarCommandOptions) => run(context, id, options));
}

async function run(context: Context, id: string, options: SimilarCommandOptions): Promise<void> {
  await context.withRepository(options, async (repository) => {
    const index = await openFingerprints(context, repository, options);
    const asked =
      options.path === undefined ? [{ block: index.resolve(id) }] : blocksAt(repository, id, options.path);
    const top = options.top ?? DEFAULT_TOP;
    const answers = answer(index, asked, top);
    if (options.json) await printJsonList(context, answers, { name: 'blocks', json: (one) => one });
    else
      await eachItem(context, answers, (one) => context.output.write(text(one, one.similar.length === top)));
    await context.output.flush();
  });
}

/** The fingerprints of a repository, complete; with progress while those that lack are made. */
export async function openFingerprints(
  context: Context,
  repository: Repository,
  options: CommonOptions,
): Promise<FingerprintIndex> {
  const progress = context.progress(options, 'block');
  const index = await FingerprintIndex.open(repository, {
    onProgress: ({ blocks, bytes, totalBlocks, totalBytes }) => {
      progress.expect({ count: totalBlocks, bytes: totalBytes });
      progress.update({ count: blocks, bytes });
    },
    signal: context.signal,
  });
  context.terminal.status('');
  return index;
}

function* blocksAt(repository: Repository, snapshot: string, path: string): Generator<Asked> {
  let offset = 0;
  for (const { id, length } of blocksOfFile(repository, snapshot, storedPath(path))) {
    yield { block: id, offset, length };
    offset += length;
  }
}

function* answer(index: FingerprintIndex, asked: Iterable<Asked>, topK: number): Generator<Answered> {
  for (const one of asked) yield { ...one, similar: index.findSimilarBlocks(one.block, { topK }) };
}

/** `isFull`: as many as `--top` allows, so that there may be others. */
function text({ block, offset, length, similar }: Answered, isFull: boolean): string {
  const where = offset === undefined ? '' : ` at ${offset}, ${bytesText(length ?? 0)}`;
  const lines = similar.map(({ id, similarity }) => `  ${similarity.toFixed(3)}  ${id}\n`);
  return `${block}${where}: ${counted(similar.length, 'similar block')}${isFull ? ' or more' : ''}\n${lines.join('')}`;
}
