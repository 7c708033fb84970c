import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { repeated } from '../options.ts';
import {
  type ChangeOptions,
  changeOf,
  type DataOptions,
  group,
  withData,
  withReason,
  withRegistry,
} from '../registry/data.ts';
import { localTime, safeText, table } from '../text.ts';
import type { KeyKeeper } from '../world.ts';
import { serverOf } from './program.ts';

interface CreateOptions extends ChangeOptions {
  readonly role: string;
  readonly model?: readonly string[];
}

const EXAMPLES = [
  'pilotfish keys create ci --role contributor --data DIR',
  'pilotfish keys create dashboards --role viewer --model threat-detector --data DIR',
  'pilotfish keys list --data DIR',
  'pilotfish keys revoke 3f9a0c1b2d4e --data DIR',
];

/** Adds `keys` with its commands. */
export function registerKeys(program: Command, context: Context): void {
  const keys = group(program, 'keys', EXAMPLES).description('keys to a server: make, list, revoke');
  withReason(withData(keys.command('create <name>'), EXAMPLES.slice(0, 2)))
    .description('make a key and print it, this once; once there is one, every request needs one')
    .requiredOption(
      '--role <role>',
      'viewer, contributor, approver or admin; each may do what those before may',
    )
    .option('--model <name>', 'only this model; may be repeated', repeated)
    .action((name: string, options: CreateOptions) => create(context, name, options));
  withData(keys.command('list'), EXAMPLES.slice(2, 3))
    .description('list keys, without what opens anything')
    .action((options: DataOptions) => list(context, options));
  withReason(withData(keys.command('revoke <id>'), EXAMPLES.slice(3)))
    .description('end a key; a server that runs knows within a second')
    .action((id: string, options: ChangeOptions) => revoke(context, id, options));
}

function withKeys<T>(
  context: Context,
  options: DataOptions,
  work: (keys: KeyKeeper) => Promise<T>,
  { create = false } = {},
): Promise<T> {
  const open = serverOf(context).openKeys;
  return withRegistry(context, options, async (directory) => work(await open(directory, context.ports())), {
    create,
  });
}

function create(context: Context, name: string, options: CreateOptions): Promise<void> {
  const draft = { name, role: options.role, models: options.model };
  const make = async (keys: KeyKeeper): Promise<void> => {
    const made = await keys.create(draft, changeOf(options));
    await context.result(options, { json: made, text: `${made.key}\n` });
  };
  return withKeys(context, options, make, { create: true });
}

function list(context: Context, options: DataOptions): Promise<void> {
  return withKeys(context, options, async (keys) => {
    const found = keys.list();
    const rows = found.map(({ id, name, role, models = ['all models'], createdMs }) => [
      ...[id, localTime(createdMs), role, safeText(name), safeText(models.join(', '))],
    ]);
    const none = 'no keys: `pilotfish keys create` makes one, and from then on every request needs one\n';
    await context.result(options, { json: { keys: found }, text: rows.length === 0 ? none : table(rows) });
  });
}

function revoke(context: Context, id: string, options: ChangeOptions): Promise<void> {
  return withKeys(context, options, async (keys) => {
    await keys.revoke(id, changeOf(options));
    await context.result(options, { json: { id }, text: `${safeText(id)} opens nothing any more\n` });
  });
}
