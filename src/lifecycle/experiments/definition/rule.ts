import type { Definition } from './types.ts';

const better = (direction: string): string =>
  direction === 'higher' ? 'higher is better' : 'lower is better';

/** How the winner is found, in words: written down when the experiment is created, printed with its result. */
export function ruleOf(definition: Omit<Definition, 'rule'>): string {
  const { target, guardrails, secondary, minimumSamples, analysis } = definition;
  const { method, alpha, samplesPerArm } = analysis;
  const when =
    method === 'anytime'
      ? `from ${minimumSamples} units an arm on, at any time (always-valid, alpha ${alpha})`
      : `once, when every arm has ${samplesPerArm} units (Welch's t-test, alpha ${alpha})`;
  const names = guardrails.map(({ name }) => name).join(' and ');
  const kept = guardrails.length === 0 ? '' : ` and it is shown to keep ${names} within the margin`;
  const broken = guardrails.length === 0 ? '' : ', or shown to break a guardrail';
  const rest = secondary.length === 0 ? '' : ' Secondary metrics decide nothing.';
  return `Judged ${when}: rollout when a treatment's ${target.name} is better than the control's (${better(target.direction)})${kept}; rollback when every treatment's is worse${broken}; otherwise continue.${rest}`;
}
