import { hasCode } from '../../../base/index.ts';
import type { ModelRegistry, RegistryChange, RegistryState } from '../../registry/index.ts';
import { rolloutAt, type StoredRollout } from './rows.ts';

/**
 * Tells the registry how a rollout ended, once: evidence of kind `experiment`, and the version goes to production, or out
 * of it. Killed between the two, it is told at the next look.
 */
export async function tellRegistry(
  { state, registry }: { readonly state: RegistryState; readonly registry: ModelRegistry },
  id: string,
  change: RegistryChange,
): Promise<void> {
  const stored = await state.read((sql) => rolloutAt(sql, id));
  const { phase, told, control, model, version } = stored;
  if (phase === told || (phase !== 'succeeded' && phase !== 'rolled-back')) return;
  const passed = phase === 'succeeded';
  const summary = `rollout ${id} ${passed ? 'succeeded' : 'was rolled back'}: ${control.reason}`.slice(
    0,
    2000,
  );
  const report = { rollout: id, plan: stored.plan.name, verdict: control.verdict, tracks: control.tracks };
  const evidence = { kind: 'experiment', passed, summary, report };
  const because = { ...change, reason: summary };
  const ref = { name: model, version };
  const { status } = await registry.versions.get(ref);
  if (passed && status === 'staging') {
    await registry.transitions.promote(ref, 'production', { evidence: [evidence], ...because });
  } else {
    await registry.transitions.addEvidence(ref, evidence, because);
    if (!passed) await withdraw(registry, stored, because);
  }
  await state.write(async (sql) => {
    await sql.run('UPDATE rollouts SET told = ? WHERE id = ?', phase, id);
  });
}

/** Out of production, or one step back. */
async function withdraw(
  registry: ModelRegistry,
  { model, version }: StoredRollout,
  change: RegistryChange,
): Promise<void> {
  const ref = { name: model, version };
  const { status, modelId } = await registry.versions.get(ref);
  if (status === 'staging') {
    await registry.transitions.promote(ref, 'testing', change);
    return;
  }
  if (status !== 'production') return;
  const serving = (await registry.transitions.production()).get(model)?.at(-1);
  if (serving?.modelId === modelId) {
    try {
      await registry.transitions.rollback(model, change);
      return;
    } catch (error) {
      // Nothing was in production before it, or that is gone: the rule serves.
      if (!hasCode(error, 'REFUSED')) throw error;
    }
  }
  await registry.transitions.promote(ref, 'archived', change);
}
