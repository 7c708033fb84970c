import { PilotfishError } from '../../../base/index.ts';
import type { VersionEvidence } from '../../registry/index.ts';
import type { ExperimentResults } from './types.ts';

const PERCENT = 100;

/**
 * What an experiment has shown of a treatment, as evidence for the version of a model that it was: passed when it is the
 * one to roll out.
 * @param treatment may be left out where there is one
 * @throws PilotfishError `MISSING` for a treatment there is not, `REFUSED` while the experiment has shown nothing.
 */
export function evidenceFor(results: ExperimentResults, treatment?: string): VersionEvidence {
  const { experimentId, recommendation, reason, winner, target, records } = results;
  const only = target.length === 1 ? target[0]?.modelId : undefined;
  const found = target.find(({ modelId }) => modelId === (treatment ?? only));
  if (found === undefined) {
    const all = target.map(({ modelId }) => modelId).join(', ');
    throw new PilotfishError('MISSING', `${experimentId} has the treatments ${all}: name one of them`);
  }
  if (recommendation === 'continue')
    throw new PilotfishError('REFUSED', `${experimentId} has shown nothing yet: ${reason}`);
  const { relativeEffect, modelId, metric } = found;
  const change =
    relativeEffect === null
      ? ''
      : ` (${relativeEffect > 0 ? '+' : ''}${(PERCENT * relativeEffect).toFixed(1)} %)`;
  return {
    ...{ kind: 'experiment', passed: winner === modelId, report: results },
    summary: `${experimentId}: ${recommendation}, ${reason}; ${metric} of ${modelId}${change} after ${records} records`,
  };
}
