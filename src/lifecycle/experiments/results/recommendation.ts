import type { Definition } from '../definition/types.ts';
import type { ArmResult, Comparison, ExperimentResults, GuardrailResult } from './types.ts';

/** What a recommendation rests on. */
export type Findings = {
  readonly target: readonly Comparison[];
  readonly guardrails: readonly GuardrailResult[];
  readonly arms: readonly ArmResult[];
  readonly isMismatch: boolean;
  readonly isDue: boolean;
};

type Advice = Pick<ExperimentResults, 'recommendation' | 'reason' | 'winner'>;

const goOn = (reason: string): Advice => ({ recommendation: 'continue', reason, winner: null });

/** The rule that was written down when the experiment was created. */
export function recommend(definition: Definition, findings: Findings): Advice {
  const { target, guardrails, arms, isMismatch, isDue } = findings;
  const { minimumSamples, analysis } = definition;
  if (isMismatch) {
    return goOn(
      'the arms did not get their shares: no result can be trusted; find the cause and begin another experiment',
    );
  }
  const fewest = Math.min(...arms.map(({ units }) => units));
  if (!isDue)
    return goOn(`an arm has ${fewest} of ${analysis.samplesPerArm} units: there is one look, and it is then`);
  if (fewest < minimumSamples) return goOn(`an arm has ${fewest} of ${minimumSamples} units`);
  const brokenBy = (modelId: string): GuardrailResult[] =>
    guardrails.filter((each) => each.modelId === modelId && each.verdict === 'broken');
  const isKeptBy = (modelId: string): boolean =>
    guardrails.every((each) => each.modelId !== modelId || each.verdict === 'kept');
  const winners = target.filter(({ verdict, modelId }) => verdict === 'better' && isKeptBy(modelId));
  if (winners.length > 0) {
    const winner = winners.reduce((best, each) => (gainOf(each) > gainOf(best) ? each : best));
    const kept = guardrails.length === 0 ? '' : ' and every guardrail is kept';
    return {
      recommendation: 'rollout',
      reason: `${winner.modelId} is better in ${winner.metric}${kept}`,
      winner: winner.modelId,
    };
  }
  const losers = target.filter(({ verdict, modelId }) => verdict === 'worse' || brokenBy(modelId).length > 0);
  if (losers.length === target.length) {
    const reasons = losers.map((each) => lossOf(each, brokenBy(each.modelId)));
    return { recommendation: 'rollback', reason: reasons.join('; '), winner: null };
  }
  const isOpen = target.some(({ verdict }) => verdict === 'better');
  return goOn(
    isOpen
      ? `a treatment is better in ${definition.target.name}, but a guardrail is not yet shown to be kept`
      : `no difference in ${definition.target.name} is shown yet`,
  );
}

const gainOf = ({ effect, direction }: Comparison): number =>
  (direction === 'higher' ? 1 : -1) * (effect ?? 0);

function lossOf({ modelId, metric, verdict }: Comparison, broken: readonly GuardrailResult[]): string {
  if (verdict === 'worse') return `${modelId} is worse in ${metric}`;
  return `${modelId} breaks the guardrail ${broken.map((each) => each.metric).join(', ')}`;
}
