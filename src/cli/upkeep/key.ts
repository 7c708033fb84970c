import type { Command } from 'commander';
import { addKey, changePassword, type Repository, removeKey } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { withExamples, withJson } from '../options.ts';
import { newPassword } from '../passwords.ts';
import { counted } from '../text.ts';

interface KeyCommandOptions extends CommonOptions {
  readonly newPasswordFile?: string;
}

/** Changes the passwords of a repository that `current` opens; returns how many it has then. */
type Change = (repository: Repository, current: string, fresh: string) => number;

const EXAMPLES = [
  'pilotfish key add --repo /backup/repo                        asks for a password and for the new one',
  'pilotfish key passwd --new-password-file new.txt             puts the new one in the place of the old one',
  'pilotfish key remove --password-file lost.txt                takes away the password given',
];

/** Adds `key` with its three commands. */
export function registerKey(program: Command, context: Context): void {
  const key = program
    .command('key')
    .description('add, remove or change passwords of an encrypted repository')
    .helpOption('--help', 'show help')
    .helpCommand(false)
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  ${line}\n`).join('')}`);
  const withNew = (command: Command): Command =>
    command.option('--new-password-file <file>', 'the new password (or in PILOTFISH_NEW_PASSWORD)');
  withNew(subcommand(key, 'add', EXAMPLES.slice(0, 1)))
    .description('let another password open the repository as well')
    .action((options: KeyCommandOptions) => replace(context, options, add));
  subcommand(key, 'remove', EXAMPLES.slice(2))
    .description('take away the password that is given; the last one stays')
    .action((options: KeyCommandOptions) => remove(context, options));
  withNew(subcommand(key, 'passwd', EXAMPLES.slice(1, 2)))
    .description('put a new password in the place of the one that is given')
    .action((options: KeyCommandOptions) => replace(context, options, change));
}

function subcommand(key: Command, name: string, examples: readonly string[]): Command {
  return withJson(withExamples(key.command(name), examples)).option('--quiet', 'print nothing');
}

const add: Change = (repository, current, fresh) => addKey(repository, fresh, { password: current });

const change: Change = (repository, current, fresh) => {
  changePassword(repository, fresh, { password: current });
  return repository.config.keySlots.length;
};

/** The new password is asked for between two openings: nobody waits for a lock while somebody thinks. */
async function replace(context: Context, options: KeyCommandOptions, work: Change): Promise<void> {
  const current = await context.withRepository(options, currentPassword);
  const { newPassword: setting } = context.world.settings;
  const sources = { option: '--new-password-file', file: options.newPasswordFile, setting };
  const fresh = await newPassword(context, sources);
  const password = (): string => current;
  const passwords = await context.withRepository({ ...options, mode: 'exclusive', password }, (repository) =>
    work(repository, current, fresh),
  );
  await tell(context, options, passwords);
}

async function remove(context: Context, options: KeyCommandOptions): Promise<void> {
  const passwords = await context.withRepository({ ...options, mode: 'exclusive' }, (repository, given) =>
    removeKey(repository, { password: currentPassword(repository, given) }),
  );
  await tell(context, options, passwords);
}

function currentPassword({ config }: Repository, password: string | undefined): string {
  if (config.keySlots.length > 0 && password !== undefined) return password;
  throw usageError(
    'the repository is not encrypted: create an encrypted one with `pilotfish init --encrypt` and `pilotfish copy` into it',
  );
}

function tell(context: Context, options: KeyCommandOptions, passwords: number): Promise<void> {
  const text = `${counted(passwords, 'password')} ${passwords === 1 ? 'opens' : 'open'} the repository now\n`;
  return context.result(options, { json: { passwords }, text });
}
