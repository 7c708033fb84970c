import type { Definition, Guardrail } from './types.ts';

const better = (direction: string): string =>
  direction === 'higher' ? 'higher is better' : 'lower is better';

/** How far a treatment may be from the control in what must not get worse. */
const limitOf = ({ name, marginAbsolute, marginRelative = 0 }: Guardrail): string =>
  `${name} within ${marginAbsolute ?? `${+(100 * marginRelative).toFixed(2)} %`}`;

/** How the winner is found, in words: written down when the experiment is created, printed with its result. */
export function ruleOf(definition: Omit<Definition, 'rule'>): string {
  const { target, guardrails, secondary, minimumSamples, analysis } = definition;
  const { method, alpha, samplesPerArm } = analysis;
  const when =
    method === 'anytime'
      ? `from ${minimumSamples} units an arm on, at any time (always-valid, alpha ${alpha})`
      : `once, when every arm has ${samplesPerArm} units (Welch's t-test, alpha ${alpha})`;
  const limits = guardrails.map(limitOf).join(' and ');
  const kept = guardrails.length === 0 ? '' : ` and it is shown to keep ${limits} of the control's`;
  const broken = guardrails.length === 0 ? '' : ', or shown to break a guardrail';
  const rest = secondary.length === 0 ? '' : ' Secondary metrics decide nothing.';
  return `Judged ${when}: rollout when a treatment's ${target.name} is better than the control's (${better(target.direction)})${kept}; rollback when every treatment's is worse${broken}; otherwise continue.${rest}`;
}
