import { type Command, Option } from 'commander';
import {
  directoryBytes,
  type PackOptions,
  type PackResult,
  pack,
  type Repository,
} from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { withNewRepository, withRehearsal } from '../create.ts';
import { EXIT, usageError } from '../exit.ts';
import {
  linkRate,
  loadAdviser,
  plainAdviser,
  SIMILARITIES,
  type Similarity,
  surroundingsOf,
} from '../models/adviser.ts';
import type { RegisteredRooms } from '../models/registered.ts';
import { type Recording, startRecording } from '../models/telemetry.ts';
import { blockSizeBytes, repeated, threadCount, withExamples, withJson } from '../options.ts';
import { Excludes, sourcePath, streamName } from '../sources.ts';
import { safeText } from '../text.ts';
import { PackProgress } from './pack-progress.ts';
import { packJson, packText } from './pack-report.ts';

interface PackCommandOptions extends CommonOptions {
  readonly stdin?: true;
  readonly stdinName?: string;
  readonly exclude?: readonly string[];
  readonly excludeFile?: readonly string[];
  readonly oneFileSystem?: true;
  readonly tag?: readonly string[];
  readonly host?: string;
  readonly dryRun?: true;
  readonly readAll?: true;
  readonly blockSize?: number;
  readonly link?: number;
  readonly hints: boolean;
  readonly similarity?: Similarity;
  readonly telemetry?: string;
  readonly registry?: string;
}

const EXAMPLES = [
  'pilotfish pack . --repo /backup/repo                        the entries of this directory are the root',
  'pilotfish pack src docs --exclude node_modules --tag daily  several paths appear under their names',
  'pilotfish pack . --exclude "*.log" --exclude /build/cache   by name at any depth; from the root',
  'pilotfish pack . --dry-run --json                           what it would take, without writing',
  'pilotfish pack . --link 100mbit                             codecs for bytes that go over such a link',
  'tar c . | pilotfish pack - --stdin-name all.tar             standard input as one file',
];

/** Adds `pack`. */
export function registerPack(program: Command, context: Context): void {
  const command = withExamples(
    program.command('pack').argument('[paths...]', 'what to store; `-` is stdin'),
    EXAMPLES,
  );
  withJson(command)
    .description('store paths as a new snapshot; creates the repository where there is none')
    .option('--exclude <glob>', 'leave out what fits, with all below it (repeatable)', repeated)
    .option('--exclude-file <file>', 'read such patterns from a file, one a line (repeatable)', repeated)
    .option('--one-file-system', 'do not enter other file systems')
    .option('--tag <tag>', 'note a tag in the snapshot (repeatable)', repeated)
    .option('--host <name>', 'note this host name instead of that of the machine')
    .option('--stdin', 'store standard input as one file')
    .option('--stdin-name <name>', 'the name of that file (default: stdin)')
    .option('--dry-run', 'do everything but write')
    .option('--read-all', 'read every file, also those that look unchanged')
    .option('--block-size <kib>', 'for a new repository: 16, 32, 64 (default), 128 or 256', blockSizeBytes)
    .option(
      '--link <rate>',
      'what stored bytes will travel over: 512kbit, 100mbit, 2.5gbit (default: a disk)',
      linkRate,
    )
    .addOption(
      new Option(
        '--similarity <how>',
        'what new blocks may be deltas of: none (exact), as the built-in rule says (features), or as the room says (model; default)',
      ).choices(SIMILARITIES),
    )
    .option('--no-hints', 'ask no room: built-in codec, bases by the built-in rule')
    .option(
      '--registry <dir>',
      'who advises is what its rollouts and production say (or PILOTFISH_REGISTRY; default: the shipped models)',
    )
    .option('--telemetry <file>', 'record decisions there, without content (or in PILOTFISH_TELEMETRY)')
    .option('--threads <n>', 'encode on at most so many threads; 0: none beside the main one', threadCount)
    .option('--quiet', 'no progress, no summary')
    .action((paths: string[], options: PackCommandOptions) => run(context, paths, options));
}

async function run(context: Context, args: readonly string[], options: PackCommandOptions): Promise<void> {
  const similarity = similarityOf(options);
  const excludes = new Excludes(options.exclude, options.excludeFile);
  const source = {
    ...packOptions(context, args, options),
    ...(excludes.isExcluded && { isExcluded: excludes.isExcluded }),
  };
  // Last, since it makes files: all that was asked for makes sense.
  const recording = await recordingOf(context, options);
  const registered = await registeredOf(context, options);
  try {
    await packAndTell(context, options, { source, excludes, similarity, recording, registered });
  } finally {
    await registered?.end();
    recording?.end();
  }
}

/** The rooms of a registry that is named; a rehearsal leaves it alone, so that the rules answer. */
async function registeredOf(
  context: Context,
  options: PackCommandOptions,
): Promise<RegisteredRooms | undefined> {
  const { registry = context.world.settings.registry, hints, dryRun } = options;
  if (registry === undefined || !hints) return undefined;
  // Loaded when asked for: it brings the whole registry along.
  const { RegisteredRooms } = await import('../models/registered.ts');
  return dryRun ? RegisteredRooms.none(context) : RegisteredRooms.open(context, registry);
}

/** Where there are decisions and anything may be written; off unless asked for. */
async function recordingOf(context: Context, options: PackCommandOptions): Promise<Recording | undefined> {
  const { telemetry = context.world.settings.telemetry, hints, dryRun } = options;
  if (telemetry !== undefined && hints && !dryRun) return startRecording(context, telemetry);
  if (options.telemetry === undefined) return undefined;
  throw usageError(
    dryRun
      ? '--dry-run writes nothing: leave out --telemetry'
      : '--no-hints asks no room, so that nothing is recorded: leave out --telemetry',
  );
}

/** What a run works with, its options checked. */
interface Prepared {
  readonly source: PackOptions;
  readonly excludes: Excludes;
  readonly similarity: Similarity;
  readonly recording: Recording | undefined;
  readonly registered: RegisteredRooms | undefined;
}

async function packAndTell(
  context: Context,
  options: PackCommandOptions,
  { source, excludes, similarity, recording, registered }: Prepared,
): Promise<void> {
  const { link } = options;
  const adviser = options.hints
    ? await loadAdviser(context, { link, similarity, listeners: recording, registered })
    : undefined;
  const plain = adviser ?? plainAdviser(similarity);
  const asked = {
    ...source,
    ...(plain === undefined ? {} : { adviser: plain, surroundings: surroundingsOf(options.link) }),
  };
  const before = repositoryBytes(context, options);
  const open = options.dryRun ? withRehearsal : withNewRepository;
  const packed = await open(context, options, (repository) =>
    packWithProgress(context, repository, { asked, options }),
  );
  if (asked.stream === undefined && !options.quiet) warnOfUnused(context, excludes);
  // From before it was opened until after it was closed: what the directory really grew by, index and all.
  const result = options.dryRun
    ? packed
    : { ...packed, bytesStored: repositoryBytes(context, options) - before };
  if (result.isIncomplete) context.exitCode = EXIT.incomplete;
  // What decisions came to is kept before anyone is told how it went.
  await registered?.end();
  const usage = context.usage();
  const advice = adviser === undefined ? undefined : { ...adviser.report(), ...registered?.report() };
  const told = { usage, advice, telemetry: recording?.end() };
  await context.result(options, { json: packJson(result, told), text: packText(result, told) });
}

/** What is asked for; without a word the room, or with --no-hints the rule. @throws PilotfishError `USAGE`. */
function similarityOf({ hints, similarity, link }: PackCommandOptions): Similarity {
  if (!hints && similarity === 'model') {
    throw usageError('--no-hints asks no room: leave out --similarity model, or say features or exact');
  }
  if (!hints && link !== undefined) throw usageError('--no-hints asks no room: leave out --link');
  return similarity ?? (hints ? 'model' : 'features');
}

function repositoryBytes(context: Context, options: PackCommandOptions): number {
  return directoryBytes(context.ports(options.threads).fs, context.repositoryPath(options));
}

/** Once for all: nothing was harmed, but more may be stored than was meant. */
function warnOfUnused({ terminal }: Context, { unused }: Excludes): void {
  if (unused.length === 0) return;
  const patterns = unused.map((pattern) => `--exclude ${pattern}`).join(', ');
  const hint = 'it is about names, or with a slash about paths from the root of the snapshot';
  terminal.line(safeText(`pilotfish: warning: nothing fits ${patterns}: check the pattern: ${hint}`));
}

function packOptions(context: Context, args: readonly string[], options: PackCommandOptions): PackOptions {
  const isStream = options.stdin === true || args.includes('-');
  const paths = args.filter((path) => path !== '-').map(sourcePath);
  if (isStream && paths.length > 0)
    throw usageError('standard input is stored alone: leave out the other paths');
  if (!isStream && paths.length === 0)
    throw usageError('nothing to store: name a PATH, or `-` for standard input');
  return {
    paths,
    ...(isStream ? { stream: { name: streamName(options.stdinName), bytes: context.world.stdin } } : {}),
    oneFileSystem: options.oneFileSystem === true,
    tags: options.tag ?? [],
    ...(options.host === undefined ? {} : { host: options.host }),
    dryRun: options.dryRun === true,
    readAll: options.readAll === true,
    onProblem: (problem) => context.warn(problem),
    signal: context.signal,
  };
}

async function packWithProgress(
  context: Context,
  repository: Repository,
  { asked, options }: { asked: PackOptions; options: PackCommandOptions },
): Promise<PackResult> {
  const source = { ...asked, ownPath: Buffer.from(repository.layout.root) };
  const shown = context.progress(options, 'file');
  const progress = new PackProgress(shown, repository.ports, asked.stream === undefined ? source : undefined);
  try {
    return await pack(repository, { ...asked, onProgress: progress.update });
  } finally {
    progress.end();
  }
}
