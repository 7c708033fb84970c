import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../base/index.ts';
import { createRepository, type Repository, repositoryExists } from '../blocks/index.ts';
import type { CommonOptions, Context } from './context.ts';
import { usageError } from './exit.ts';

interface CreateChoices extends CommonOptions {
  readonly blockSize?: number;
}

/** Creates a repository. Throws USAGE when a password is set: it would be a promise not kept. */
export function create(context: Context, options: CreateChoices): ReturnType<typeof createRepository> {
  if (context.world.settings.password() !== undefined) {
    throw usageError(
      'a password is set, but new repositories are not encrypted yet: unset PILOTFISH_PASSWORD and PILOTFISH_PASSWORD_FILE to create a plain one',
    );
  }
  const path = context.repositoryPath(options);
  return createRepository({ path, averageBlockBytes: options.blockSize }, context.ports(options.threads));
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
  if (isThere(context, options)) return withNewRepository(context, options, work);
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
