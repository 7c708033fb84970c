import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode, PilotfishError } from '../base/index.ts';
import { createRepository, type Repository, repositoryExists } from '../blocks/index.ts';
import type { CommonOptions, Context } from './context.ts';
import { usageError } from './exit.ts';
import { newPassword } from './passwords.ts';

interface CreateChoices extends CommonOptions {
  readonly blockSize?: number;
}

type Created = ReturnType<typeof createRepository>;

/** Creates a repository that is not encrypted. Throws USAGE when a password is set: it would be a promise not kept. */
export function create(context: Context, options: CreateChoices): Created {
  if (context.givenPassword(options) !== undefined) {
    throw usageError(
      'a password is set, but nothing says to encrypt the new repository: create it with `pilotfish init --encrypt`, or for a plain one unset PILOTFISH_PASSWORD and PILOTFISH_PASSWORD_FILE and leave out --password-file',
    );
  }
  return createWith(context, options, undefined);
}

/** Creates an encrypted repository. */
export async function createEncrypted(context: Context, options: CreateChoices): Promise<Created> {
  // Nobody should have to think of a password for what cannot be done.
  if (isThere(context, options)) {
    const path = context.repositoryPath(options);
    throw new PilotfishError(
      'EXISTS',
      `${path} already is a repository: choose another directory; \`pilotfish copy\` takes its snapshots over`,
    );
  }
  const { password } = context.world.settings;
  const sources = { option: '--password-file', file: options.passwordFile, setting: password };
  return createWith(context, options, await newPassword(context, sources));
}

function createWith(context: Context, options: CreateChoices, password: string | undefined): Created {
  const path = context.repositoryPath(options);
  const averageBlockBytes = options.blockSize;
  return createRepository({ path, password, averageBlockBytes }, context.ports(options.threads));
}

/** Opens the repository for writing, creating it where there is none. */
export async function withNewRepository<T>(
  context: Context,
  options: CreateChoices,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  try {
    if (!isThere(context, options)) create(context, options);
  } catch (error) {
    // Another `pack` was faster; what it made will do.
    if (!hasCode(error, 'EXISTS')) throw error;
  }
  return context.withRepository({ ...options, mode: 'write' }, (repository) => {
    checkBlockSize(repository, options.blockSize);
    return work(repository);
  });
}

/**
 * Opens the repository for a dry run. Where there is none, a temporary one outside it stands in, so that nothing is
 * created where the user pointed.
 */
export async function withRehearsal<T>(
  context: Context,
  options: CreateChoices,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  if (isThere(context, options)) {
    // It only reads, which is possible on read-only media too.
    return context.withRepository(options, (repository) => {
      checkBlockSize(repository, options.blockSize);
      return work(repository);
    });
  }
  const repo = mkdtempSync(join(tmpdir(), 'pilotfish-dry-run-'));
  try {
    return await withNewRepository(context, { ...options, repo }, work);
  } finally {
    rmSync(repo, { recursive: true, force: true });
  }
}

function isThere(context: Context, options: CommonOptions): boolean {
  return repositoryExists(context.repositoryPath(options), context.ports(options.threads));
}

/** The block size is fixed when a repository is created; asking an existing one for another is a mistake. */
function checkBlockSize(repository: Repository, blockSize: number | undefined): void {
  const { averageBlockBytes } = repository.config;
  if (blockSize === undefined || blockSize === averageBlockBytes) return;
  throw usageError(
    `the repository has blocks of ${averageBlockBytes / 1024} KiB, fixed when it was created: leave out --block-size`,
  );
}
