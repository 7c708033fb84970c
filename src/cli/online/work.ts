import type { OnlineLearner, RegistryDirectory } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { type DataOptions, withRegistry } from '../registry/data.ts';

/** Opens the registry with its pipelines; what is under way is waited for. */
export function withLearner<T>(
  context: Context,
  options: DataOptions,
  work: (learner: OnlineLearner, directory: RegistryDirectory) => Promise<T>,
  choices: { readonly create?: boolean } = {},
): Promise<T> {
  const defaults = context.world.settings.onlineDefaults?.() ?? {};
  return withRegistry(
    context,
    options,
    async (directory) => {
      const { OnlineLearner } = await import('../../lifecycle/index.ts');
      const { clock } = context.ports();
      const learner = new OnlineLearner(directory.state, directory.registry, { clock, ...defaults });
      const result = await work(learner, directory);
      await learner.settled();
      return result;
    },
    choices,
  );
}

/** JSON as it was given on the command line. @throws PilotfishError `USAGE`. */
export function jsonOption(option: string): (text: string) => never {
  return (text) => {
    try {
      return JSON.parse(text) as never;
    } catch {
      throw usageError(`${option} does not parse: give JSON`);
    }
  };
}
