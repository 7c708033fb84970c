import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exists, PilotfishError } from '../../base/index.ts';
import type { ModelMetadata, ModelRegistry } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { repeated } from '../options.ts';
import { safeText } from '../text.ts';
import { type ChangeOptions, changeOf, versionLine, withData, withReason, withRegistry } from './data.ts';

interface RegisterOptions extends ChangeOptions {
  readonly name?: string;
  readonly as?: string;
  readonly algorithm?: string;
  readonly framework?: string;
  readonly description?: string;
  readonly metric?: readonly string[];
  readonly tag?: readonly string[];
}

/** Adds `models register`. */
export function registerRegister(models: Command, context: Context): void {
  withReason(
    withData(models.command('register <path>'), [
      'pilotfish models register model.onnx --name threat-detector --as v1.2.0 --algorithm RandomForest --framework scikit-learn --data DIR',
      'pilotfish models register models/codec --data DIR     the model of a room, as its manifest describes it',
    ]),
  )
    .description(
      'register a file, or the model of a room with its lineage and evidence; makes the registry if need be',
    )
    .option('--name <name>', 'the model')
    .option('--as <version>', 'the version, such as v1.2.0')
    .option('--algorithm <text>', 'such as RandomForest')
    .option('--framework <text>', 'such as scikit-learn')
    .option('--description <text>', 'what it is')
    .option('--metric <name=number>', 'may be repeated', repeated)
    .option('--tag <key=value>', 'may be repeated', repeated)
    .action((path: string, options: RegisterOptions) => run(context, path, options));
}

async function run(context: Context, path: string, options: RegisterOptions): Promise<void> {
  const { fs } = context.ports();
  const from = resolve(path);
  if (!exists(fs, from))
    throw new PilotfishError('MISSING', `there is no ${safeText(path)}: name a file or a folder`);
  const isRoom = fs.lstat(from).kind === 'directory';
  // Before a registry is made for nothing.
  const metadata = isRoom ? undefined : metadataOf(path, options);
  const { filePieces } = await import('../../lifecycle/index.ts');
  await withRegistry(
    context,
    options,
    async ({ registry }) => {
      const modelId =
        metadata === undefined
          ? await registerRoom(context, registry, { from, options })
          : await registry.registerModel(metadata, filePieces(fs, from), {
              ...changeOf(options),
              signal: context.signal,
            });
      const model = await registry.getModel(modelId);
      await context.result(options, { json: model, text: versionLine(model) });
    },
    { create: true },
  );
}

async function registerRoom(
  context: Context,
  registry: ModelRegistry,
  { from, options }: { readonly from: string; readonly options: RegisterOptions },
): Promise<string> {
  const [{ loadArtefact }, { roomModel }] = await Promise.all([
    import('../../decisions/index.ts'),
    import('../../lifecycle/index.ts'),
  ]);
  const { metadata, files, evidence } = roomModel(loadArtefact(context.ports().fs, from));
  const {
    name = metadata.name,
    as: version = metadata.version,
    description = metadata.description ?? '',
  } = options;
  const tags = recordOf('--tag', options.tag);
  const own = { ...metadata, name, version, description, tags };
  const modelId = await registry.registerModel(own, files, { ...changeOf(options), signal: context.signal });
  await registry.transitions.addEvidence({ modelId }, evidence, changeOf(options));
  return modelId;
}

function metadataOf(path: string, options: RegisterOptions): ModelMetadata {
  const { name, as: version, algorithm, framework, description } = options;
  if (name === undefined || version === undefined || algorithm === undefined || framework === undefined) {
    throw usageError(
      'a file needs --name, --as, --algorithm and --framework: the registry cannot guess them',
    );
  }
  const metrics = Object.entries(recordOf('--metric', options.metric)).map(([key, text]) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value))
      throw usageError(`--metric ${safeText(key)} is no number: give accuracy=0.95`);
    return [key, value] as const;
  });
  return {
    ...{ name, version, algorithm, framework, filePath: path },
    ...(description === undefined ? {} : { description }),
    metrics: Object.fromEntries(metrics),
    tags: recordOf('--tag', options.tag),
  };
}

function recordOf(option: string, pairs: readonly string[] = []): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw usageError(`${option} ${safeText(pair)} cannot be used: give name=value`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(entries);
}
