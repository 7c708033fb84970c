// What a person reads.
import { relative } from 'node:path';
import { isoTime, MIB } from '../../src/base/index.ts';
import type { AuditEntry } from '../../src/lifecycle/index.ts';
import { LINK } from './costs.ts';
import type { Files } from './files.ts';
import type { Side, Stage } from './journal.ts';
import type { Trained } from './models.ts';
import type { Breach, Walk } from './walk.ts';

const WIDTH = 110;
const DATE = 10;
const INDENT = ' '.repeat(11);

const percent = (part: number): string => `${+(100 * part).toFixed(1)} %`;
const shareText = (share: number): string => (share === 0 ? 'shadow' : percent(share));
const day = (number: number): string => `  day ${String(number).padStart(3)}  `;

/** What is about to happen, with what. */
export function introText({ count, bytes, nights }: Files, data: string, isMeasured: boolean): string {
  const part = nights.length === 1 ? 'all of it' : `1/${nights.length} of it`;
  const seconds = isMeasured ? 'are measured here' : "are a table's (--measured: this machine's)";
  return [
    `${count} files, ${Math.round(bytes / MIB)} MiB, of ${relative('', data) || data}:`,
    'a quarter to learn from, a quarter to judge by, half for the store.',
    `The store packs ${part} every night for a line of ${LINK / 1e6} Mbit/s; the codec room is asked for large blocks.`,
    `Simulated: time, a night a day. Sizes are real, seconds of codecs ${seconds}.`,
    'Cost: seconds on the line and of the processor, beside sending raw (1).',
    'Harm p: evidence that the model is worse than the rule, valid at every look; below 0.05 the rollout ends.',
  ].join('\n');
}

/** What a model promises by its own evaluation. */
export function promiseText(version: string, { relativeCost, relativeBytes }: Trained): string {
  const change = (ratio: number): string => percent(Math.abs(ratio - 1));
  const cost = `costs ${change(relativeCost)} ${relativeCost < 1 ? 'less' : 'more'} than the rule`;
  const bytes = `stores ${change(relativeBytes)} ${relativeBytes < 1 ? 'fewer' : 'more'} bytes`;
  return `codec ${version}: judged on files it had not seen it ${cost} and ${bytes}`;
}

const sideText = ({ count, mean }: Side): string => `${mean.toFixed(3)} in ${count}`;

/** A step that ended, in a line. */
export function stageText({ share, fromDay, days, shadow, model, rule, pValue }: Stage): string {
  const head = `${day(fromDay)}${shareText(share)}`.padEnd(18);
  const nights = `${days} nights`.padEnd(11);
  if (shadow !== undefined) {
    return `${head}${nights}asked in ${shadow.count} decisions, not heard; ${percent(shadow.agreement)} as the rule decided`;
  }
  const evidence = pValue.toFixed(pValue < 0.1 ? 4 : 2);
  return `${head}${nights}cost ${sideText(model)} by the model, ${sideText(rule)} by the rule; harm p ${evidence}`;
}

function breachText({ day: at, decision, byModel, reason, keptMs }: Breach): string[] {
  return [
    `${day(at)}ROLLED BACK at decision ${decision}, ${byModel} of them the model's: ${reason.replace('default: ', '')}`,
    `${INDENT}the next decision was the rule's; ${keptMs.toFixed(0)} ms later it was on disk, audited, and out of staging`,
  ];
}

/** How it ended, and who decided then. */
export function endText({ phase, stages, breach, after: { decisions, byModel } }: Walk): string {
  const { fromDay, days } = stages.at(-1) ?? { fromDay: 0, days: 0 };
  const what = phase === 'succeeded' ? 'every step was taken; the registry has it in production' : 'it waits';
  const lines =
    breach === undefined ? [`${day(fromDay + days)}${phase.toUpperCase()}: ${what}`] : breachText(breach);
  const toRule = decisions - byModel;
  const who = byModel === 0 ? 'all by the rule' : `${byModel} by the model, ${toRule} held back for the rule`;
  if (decisions > 0) lines.push(`${INDENT}the week after: ${decisions} decisions, ${who}`);
  return lines.join('\n');
}

type Json = Readonly<Record<string, unknown>>;

/** What an entry changed. */
function changeText(was: Json, is: Json): string {
  const { status, share, kind, passed, reason, summary } = is as Readonly<Record<string, string | number>>;
  const words = [
    status && `${was['status'] ?? 'new'} -> ${status}`,
    passed !== undefined && `${kind} ${passed ? 'passed' : 'not passed'}`,
    typeof share === 'number' && shareText(share),
    reason ?? summary,
  ];
  return words.filter(Boolean).join('  ');
}

/** An entry of the audit log, in a line. */
export function auditText({ seq, timeMs, action, subject, before, after }: AuditEntry): string {
  const what = changeText((before ?? {}) as Json, (after ?? {}) as Json);
  const when = isoTime(timeMs).slice(0, DATE);
  const line =
    `${String(seq).padStart(4)}  ${when}  ${action.padEnd(19)} ${subject.padEnd(8)} ${what}`.trimEnd();
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 1)}…`;
}
