import type { ABTestManager, RegistryDirectory } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { type DataOptions, withRegistry } from '../registry/data.ts';

/** The experiments of a registry, with the defaults of the environment. */
export async function managerOf(
  context: Context,
  { state, registry }: RegistryDirectory,
): Promise<ABTestManager> {
  const { ABTestManager } = await import('../../lifecycle/index.ts');
  const { clock, random } = context.ports();
  const defaults = context.world.settings.abDefaults?.() ?? {};
  return new ABTestManager(state, { audit: registry.audit, clock, random, ...defaults });
}

/** Opens the registry and runs `work` on its experiments. */
export function withManager<T>(
  context: Context,
  options: DataOptions,
  work: (manager: ABTestManager) => Promise<T>,
  { create = false }: { readonly create?: boolean } = {},
): Promise<T> {
  // Before a registry is made for nothing.
  context.world.settings.abDefaults?.();
  return withRegistry(context, options, async (directory) => work(await managerOf(context, directory)), {
    create,
  });
}
