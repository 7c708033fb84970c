import type { Command } from 'commander';
import type { ModelStatus, ModelVersion, SignedManifest } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { oneOf, repeated } from '../options.ts';
import { bytesText, counted, safeText } from '../text.ts';
import {
  type ChangeOptions,
  changeOf,
  type DataOptions,
  group,
  refOf,
  versionLine,
  withData,
  withReason,
  withRegistry,
} from './data.ts';
import { registerExport } from './export.ts';
import { registerGc } from './gc.ts';
import { registerRegister } from './register.ts';

interface ListOptions extends DataOptions {
  readonly name?: string;
  readonly status?: ModelStatus;
}

interface PromoteOptions extends ChangeOptions {
  readonly to: ModelStatus;
  readonly evidence?: readonly string[];
  readonly through?: true;
}

const EXAMPLES = [
  'pilotfish models register model.onnx --name threat-detector --as v1.2.0 --algorithm RandomForest --framework scikit-learn --data DIR',
  'pilotfish models list --data DIR',
  'pilotfish models promote threat-detector v1.2.0 --to testing --data DIR',
  'pilotfish models rollback threat-detector --data DIR',
];
const STATUSES: readonly ModelStatus[] = ['draft', 'testing', 'staging', 'production', 'archived'];

/** Adds `models` with its commands. */
export function registerModels(program: Command, context: Context): void {
  const models = group(program, 'models', EXAMPLES).description('keep models, their versions and their life');
  withData(models.command('list'), ['pilotfish models list --data DIR --status production'])
    .description('list versions')
    .option('--name <name>', 'of one model')
    .option('--status <status>', 'in one status', oneOf('--status', STATUSES))
    .action((options: ListOptions) => list(context, options));
  withData(models.command('show <name> [version]'), [
    'pilotfish models show threat-detector --data DIR           the version in production',
    'pilotfish models show threat-detector v1.2.0 --data DIR',
    'pilotfish models show threat-detector @champion --data DIR',
  ])
    .description('show a version with its evidence; VERSION is a number, a text or @ALIAS')
    .action((name: string, version: string | undefined, options: DataOptions) =>
      show(context, { name, version }, options),
    );
  registerRegister(models, context);
  withReason(
    withData(models.command('promote <name> <version>'), [
      'pilotfish models promote threat-detector v1.2.0 --to testing --data DIR',
      'pilotfish models promote threat-detector v1.2.0 --to staging --evidence "evaluation: .95 on the sealed part" --data DIR',
      'pilotfish models promote threat-detector v1.2.0 --to production --evidence "experiment: 10 % of traffic for a week" --data DIR',
      'pilotfish models promote threat-detector v1.2.0 --to production --through --evidence "evaluation: .95" --evidence "experiment: a week" --data DIR',
    ]),
  )
    .description('move a version through its life cycle')
    .requiredOption('--to <status>', STATUSES.join(', '), oneOf('--to', STATUSES))
    .option('--evidence <text>', '`kind: what was found`, passed; may be repeated', repeated)
    .option('--through', 'take the steps that lead there as well; all of them or none')
    .action((name: string, version: string, options: PromoteOptions) =>
      promote(context, { name, version }, options),
    );
  withReason(
    withData(models.command('rollback <name>'), ['pilotfish models rollback threat-detector --data DIR']),
  )
    .description('put the version before the present one back in production')
    .action((name: string, options: ChangeOptions) => rollback(context, name, options));
  withData(models.command('verify [name]'), ['pilotfish models verify --data DIR'])
    .description('read every artefact and check it against its signed manifest')
    .action((name: string | undefined, options: DataOptions) => verify(context, name, options));
  registerExport(models, context);
  registerGc(models, context);
}

function list(context: Context, options: ListOptions): Promise<void> {
  const { name, status } = options;
  const filter = {
    ...(name === undefined ? {} : { name }),
    ...(status === undefined ? {} : { status }),
  };
  return withRegistry(context, options, async ({ registry }) => {
    const models = await registry.listModels(filter);
    await context.result(options, { json: { models }, text: models.map(versionLine).join('') });
  });
}

type Named = { readonly name: string; readonly version: string | undefined };

function show(context: Context, { name, version }: Named, options: DataOptions): Promise<void> {
  return withRegistry(context, options, async ({ registry }) => {
    const found = await registry.versions.get(refOf(name, version));
    const { modelId } = found;
    const evidence = await registry.transitions.evidenceOf({ modelId });
    const signed = found.files.length === 0 ? null : shownManifest(await registry.manifestOf(modelId));
    const kept = evidence.map(
      ({ kind, passed, summary }) => `  ${passed ? 'passed' : 'failed'} ${kind}: ${safeText(summary)}\n`,
    );
    await context.result(options, {
      json: { ...found, evidence, signed },
      text: `${detailsOf(found)}${kept.join('')}`,
    });
  });
}

/** Signature in base64. */
const shownManifest = ({ signature, ...rest }: SignedManifest) => ({
  ...rest,
  signature: Buffer.from(signature).toString('base64'),
});

function detailsOf(version: ModelVersion): string {
  const { modelId, algorithm, framework, description, fileHash, source, metrics, tags, aliases, createdBy } =
    version;
  const facts: [string, string | undefined][] = [
    ['id', modelId],
    ['made with', `${algorithm}, ${framework}`],
    ['description', description],
    ['source', source],
    ['sha256', fileHash],
    ['metrics', pairs(metrics)],
    ['tags', pairs(tags)],
    ['aliases', aliases.join(', ')],
    ['by', createdBy],
  ];
  const lines = facts
    .filter(([, value]) => value)
    .map(([what, value = '']) => `  ${what}: ${safeText(value)}\n`);
  return `${versionLine(version)}${lines.join('')}`;
}

const pairs = (record: Readonly<Record<string, string | number>>): string =>
  Object.entries(record)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');

function promote(context: Context, { name, version }: Named, options: PromoteOptions): Promise<void> {
  const evidence = (options.evidence ?? []).map(evidenceOf);
  return withRegistry(context, options, async ({ registry }) => {
    const moved = await registry.transitions.promote(refOf(name, version), options.to, {
      ...{ evidence, isThrough: options.through === true },
      ...changeOf(options),
    });
    await context.result(options, { json: moved, text: versionLine(moved) });
  });
}

function evidenceOf(text: string): { kind: string; passed: true; summary: string } {
  const [, kind, summary] = /^([a-z][a-z0-9-]*): (.+)$/s.exec(text) ?? [];
  if (kind !== undefined && summary !== undefined) return { kind, passed: true, summary };
  throw usageError(`--evidence ${safeText(text)} cannot be used: give \`evaluation: what was found\``);
}

function rollback(context: Context, name: string, options: ChangeOptions): Promise<void> {
  return withRegistry(context, options, async ({ registry }) => {
    const restored = await registry.rollbackModel(name, changeOf(options));
    await context.result(options, { json: restored, text: versionLine(restored) });
  });
}

function verify(context: Context, name: string | undefined, options: DataOptions): Promise<void> {
  return withRegistry(context, options, async ({ registry }) => {
    const report = await registry.verify({ ...(name === undefined ? {} : { name }), signal: context.signal });
    if (report.damaged.length > 0) context.exitCode = EXIT.failed;
    const bad = report.damaged.map(
      (item) => `damaged: ${safeText(`${item.name} ${item.number}: ${item.reason}`)}\n`,
    );
    const good = report.repaired.map((item) => `whole again: ${safeText(`${item.name} ${item.number}`)}\n`);
    const read = `${counted(report.files, 'file')} read, ${bytesText(report.bytes)}\n`;
    await context.result(options, { json: report, text: [...bad, ...good, read].join('') });
  });
}
