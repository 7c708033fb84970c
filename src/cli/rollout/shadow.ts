import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ShadowReport } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { group } from '../registry/data.ts';
import { counted, safeText } from '../text.ts';

interface ValidateOptions {
  readonly log?: string;
  readonly productionLogs?: string;
  readonly targetAccuracy: string;
  readonly json?: true;
}

const EXAMPLES = ['pilotfish shadow validate --log shadow.jsonl --target-accuracy 0.95'];

/** Adds `shadow`. */
export function registerShadow(program: Command, context: Context): void {
  const shadow = group(program, 'shadow', EXAMPLES).description('judge a model by what it said in shadow');
  shadow
    .command('validate')
    .description('read the log of shadow mode; ends with 1 when the accuracy is below the target')
    .option('--log <file>', 'the log, one JSON object a line')
    .option('--production-logs <file>', 'the same as --log')
    .option('--target-accuracy <part>', 'least part that is right, such as 0.95 or 95%', '0.95')
    .option('--json', 'print the result as one JSON object')
    .helpOption('--help', 'show help')
    .addHelpText('after', `\nExamples:\n  ${EXAMPLES.join('\n  ')}\n`)
    .action((options: ValidateOptions) => validate(context, options));
}

async function validate(context: Context, options: ValidateOptions): Promise<void> {
  const path = options.log ?? options.productionLogs;
  if (path === undefined) throw usageError('no log is named: give one with --log');
  const target = targetOf(options.targetAccuracy);
  const { validateShadow } = await import('../../lifecycle/index.ts');
  const report = validateShadow(context.ports().fs, resolve(path), target);
  if (!report.passed) context.exitCode = EXIT.failed;
  await context.result(options, { json: report, text: reportText(report) });
}

/** A part, `0.95`, as document 002 has it, or a share with its sign, `95%`. */
function targetOf(text: string): number {
  const [, digits = '', sign] = /^([0-9]*\.?[0-9]+)(%?)$/.exec(text) ?? [];
  const target = digits === '' ? Number.NaN : Number(digits) / (sign === '%' ? 100 : 1);
  if (target > 0 && target <= 1) return target;
  throw usageError(`--target-accuracy ${safeText(text)} cannot be used: give a part such as 0.95, or 95%`);
}

function reportText(report: ShadowReport): string {
  const { count, accuracy, interval, bad, errors, days, targetAccuracy, passed } = report;
  const [lower, upper] = interval;
  const lines = days.map((day) => `  ${safeText(day.day)}  ${day.accuracy.toFixed(4)} of ${day.count}\n`);
  const head = `accuracy ${accuracy.toFixed(4)} of ${counted(count, 'decision')}, between ${lower.toFixed(3)} and ${upper.toFixed(3)} with 95 %\n`;
  const notes = [
    errors > 0 ? `${counted(errors, 'prediction')} failed and count as wrong\n` : '',
    bad > 0 ? `${counted(bad, 'line')} could not be read\n` : '',
  ];
  const end = passed ? `reaches ${targetAccuracy}\n` : `does not reach ${targetAccuracy}\n`;
  return `${head}${lines.join('')}${notes.join('')}${end}`;
}
