import type { Command } from 'commander';
import type {
  Experiment,
  ExperimentGuardrail,
  HashVersion,
  MetricDirection,
  MetricSpec,
  ModelVariant,
} from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { repeated, share } from '../options.ts';
import { type ChangeOptions, changeOf, withData, withReason } from '../registry/data.ts';
import { safeText } from '../text.ts';
import { experimentOf } from './from-file.ts';
import { withManager } from './manager.ts';

interface CreateOptions extends ChangeOptions {
  readonly from?: string;
  readonly name?: string;
  readonly description?: string;
  readonly target?: string;
  readonly control?: string;
  readonly treatment?: readonly string[];
  readonly guardrail?: readonly string[];
  readonly secondary?: readonly string[];
  readonly samples?: string;
  readonly fixed?: string;
  readonly alpha?: string;
  readonly coverage?: number;
  readonly hash?: string;
  readonly salt?: string;
}

const PERCENT = 100;

/** Adds `experiments create`. */
export function registerCreate(experiments: Command, context: Context): void {
  withReason(
    withData(experiments.command('create <id>'), [
      'pilotfish experiments create threat-model-v2 --target accuracy:higher --control v1 --treatment v2 --data DIR     10 % for v2',
      'pilotfish experiments create prefetch --target hits:higher --control off --treatment on=50% --guardrail latencyMs:lower:5% --data DIR',
      'pilotfish experiments create prefetch --from experiment.json --data DIR',
    ]),
  )
    .description('keep a draft; what decides, and how, is fixed from then on')
    .option('--from <file>', 'everything but the id, as JSON')
    .option('--name <text>', 'what it is called')
    .option('--description <text>', 'what it is for')
    .option('--target <metric>', 'what decides, as NAME:higher or NAME:lower')
    .option('--control <model>', 'what there is now')
    .option('--treatment <model>', 'what is tried, as MODEL or MODEL=SHARE; may be repeated', repeated)
    .option(
      '--guardrail <metric>',
      'what may not get worse, as NAME:lower:5% or NAME.p95:lower:5%; may be repeated',
      repeated,
    )
    .option('--secondary <metric>', 'what is reported and decides nothing; may be repeated', repeated)
    .option('--samples <n>', 'units an arm needs before anything is decided (or in ML_AB_MIN_SAMPLES)')
    .option('--fixed <n>', 'one look, when every arm has so many units, instead of one at any time')
    .option('--alpha <p>', 'probability of a false winner; 0.05')
    .option(
      '--coverage <share>',
      'share of the units that take part; all',
      share('--coverage', { isZeroMeant: false }),
    )
    .option('--hash <version>', 'pilotfish-1, growthbook-1 or growthbook-2')
    .option('--salt <text>', 'what the assignment depends on beside the unit; the id')
    .action((id: string, options: CreateOptions) => run(context, id, options));
}

async function run(context: Context, id: string, options: CreateOptions): Promise<void> {
  const experiment =
    options.from === undefined ? fromOptions(id, options) : experimentOf(context, id, aloneIn(options));
  await withManager(
    context,
    options,
    async (manager) => {
      const made = await manager.createExperiment(experiment, changeOf(options));
      await context.result(options, {
        json: made,
        text: `${safeText(made.id)} is a draft. ${safeText(made.rule)}\n`,
      });
    },
    { create: true },
  );
}

/** The name of the file that says everything: what an option said beside it would be lost. */
function aloneIn({ from, data, json, reason, ...others }: CreateOptions): string {
  if (Object.keys(others).length === 0) return from as string;
  throw usageError('--from has all of the experiment: leave the options out that are in the file');
}

function fromOptions(id: string, options: CreateOptions): Experiment {
  const { target, control, treatment = [], fixed, alpha, hash, samples } = options;
  if (target === undefined || control === undefined || treatment.length === 0)
    throw usageError('an experiment needs --target, --control and --treatment, or --from');
  const texts = { name: options.name, description: options.description, salt: options.salt };
  return {
    ...{ id, ...texts, coverage: options.coverage, hash: hash as HashVersion | undefined },
    targetMetric: metricOf('--target', target),
    models: modelsOf(control, treatment),
    guardrails: (options.guardrail ?? []).map(guardrailOf),
    secondaryMetrics: (options.secondary ?? []).map((text) => metricOf('--secondary', text)),
    ...(samples === undefined ? {} : { minimumSamples: numberOf('--samples', samples) }),
    analysis: {
      ...(fixed === undefined ? {} : { method: 'fixed' as const, samplesPerArm: numberOf('--fixed', fixed) }),
      ...(alpha === undefined ? {} : { alpha: numberOf('--alpha', alpha) }),
    },
  };
}

function modelsOf(control: string, treatments: readonly string[]): ModelVariant[] {
  const given = treatments.map((text) => {
    const at = text.lastIndexOf('=');
    if (at < 0) return { modelId: text, isControl: false };
    const part = share('--treatment', { isZeroMeant: false })(text.slice(at + 1));
    return { modelId: text.slice(0, at), isControl: false, trafficPct: part * PERCENT };
  });
  const shares = given.flatMap(({ trafficPct }) => (trafficPct === undefined ? [] : [trafficPct]));
  const rest = PERCENT - shares.reduce((sum, each) => sum + each, 0);
  if (rest <= 0) throw usageError('the treatments take all units: leave a share to the control');
  return [
    { modelId: control, isControl: true, ...(shares.length === 0 ? {} : { trafficPct: rest }) },
    ...given,
  ];
}

function metricOf(option: string, text: string): MetricSpec {
  const [, name, direction] = /^([^:]+):(higher|lower)$/.exec(text) ?? [];
  if (name !== undefined && direction !== undefined)
    return { name, direction: direction as MetricDirection, ...quantileOf(name) };
  throw usageError(
    `${option} ${safeText(text)} cannot be used: give NAME:higher or NAME:lower, which says what is better`,
  );
}

/** `latencyMs.p95` is the 95th percentile of latencyMs, `.p5` the fifth, `.p999` one in a thousand from the top. */
function quantileOf(name: string): Pick<MetricSpec, 'value' | 'quantile'> {
  const [, value, digits = ''] = /^(.+)\.p([0-9]{1,2}|99[0-9])$/.exec(name) ?? [];
  return value === undefined ? {} : { value, quantile: Number(`0.${digits.padStart(2, '0')}`) };
}

function guardrailOf(text: string): ExperimentGuardrail {
  const [, metric = '', margin] = /^([^:]+:(?:higher|lower)):([^:]+)$/.exec(text) ?? [text, text];
  const guardrail = metricOf('--guardrail', metric);
  if (margin === undefined) return guardrail;
  const part = share('--guardrail', { isZeroMeant: false })(margin);
  // A share of a share: how many more may fall back.
  return guardrail.name === 'fallback'
    ? { ...guardrail, marginAbsolute: part }
    : { ...guardrail, marginRelative: part };
}

function numberOf(option: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw usageError(`${option} ${safeText(text)} is no number: give one`);
}
