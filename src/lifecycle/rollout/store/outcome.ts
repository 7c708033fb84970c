import { hasCode } from '../../../base/index.ts';
import type { ModelRegistry, ModelStatus, RegistryChange, RegistryState } from '../../registry/index.ts';
import { isEnded } from '../machine/types.ts';
import { rolloutAt } from './rows.ts';

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
  if (phase === told || !isEnded(phase)) return;
  const passed = phase === 'succeeded';
  const summary = `rollout ${id} ${passed ? 'succeeded' : 'was rolled back'}: ${control.reason}`.slice(
    0,
    2000,
  );
  const report = { rollout: id, plan: stored.plan.name, verdict: control.verdict, tracks: control.tracks };
  const evidence = { kind: 'experiment', passed, summary, report };
  const because = { ...change, reason: summary };
  const ref = { name: model, version };
  const found = await registry.versions.get(ref).catch(unlessDeleted);
  if (found !== undefined) {
    const { status, modelId } = found;
    const next = nextStatus(passed, status);
    // Evidence and step are one transaction: where it is there, only `told` lacks.
    const isKept = (await registry.transitions.evidenceOf(ref)).some((each) => each.summary === summary);
    if (!isKept && next !== undefined) {
      await registry.transitions.promote(ref, next, { evidence: [evidence], ...because });
    } else if (!isKept) await registry.transitions.addEvidence(ref, evidence, because);
    if (!passed && status === 'production') await takeOut(registry, { model, modelId }, because);
  }
  await state.write(async (sql) => {
    await sql.run('UPDATE rollouts SET told = ? WHERE id = ?', phase, id);
  });
}

/** Of a version that was archived and deleted on its way there is nothing to tell. */
function unlessDeleted(error: unknown): undefined {
  if (hasCode(error, 'MISSING')) return undefined;
  throw error;
}

/** Where a version in staging goes: one step forward or back. */
function nextStatus(passed: boolean, status: ModelStatus): ModelStatus | undefined {
  if (status !== 'staging') return undefined;
  return passed ? 'production' : 'testing';
}

/** What was in production before a version is there again, or nothing. */
async function takeOut(
  registry: ModelRegistry,
  { model, modelId }: { readonly model: string; readonly modelId: string },
  change: RegistryChange,
): Promise<void> {
  const serving = await registry.transitions.productionOf(model);
  if (serving?.modelId === modelId) {
    try {
      await registry.transitions.rollback(model, change);
      return;
    } catch (error) {
      // Nothing was in production before it, or that is gone: the rule serves.
      if (!hasCode(error, 'REFUSED')) throw error;
    }
  }
  await registry.transitions.promote({ modelId }, 'archived', change);
}
