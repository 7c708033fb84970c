import type { PackResult } from '../../blocks/index.ts';
import type { AdviceReport } from '../../decisions/index.ts';
import type { TelemetryCounters } from '../../lifecycle/index.ts';
import type { RolloutAdvice } from '../models/step-counts.ts';
import { andMore, bytesText, counted, countText, rateText, safeText, secondsText } from '../text.ts';
import type { Usage } from '../world.ts';

type Bases = NonNullable<AdviceReport['bases']>;

/** What a run used, and what the rooms said. */
interface Told {
  readonly usage: Usage & { readonly seconds: number };
  readonly advice: (AdviceReport & { readonly rollouts?: readonly RolloutAdvice[] }) | undefined;
  /** What became of the events of this run, if any were recorded. */
  readonly telemetry: TelemetryCounters | undefined;
}

/** The result of a `pack` as `--json` prints it; docs/cli.md describes each field. */
export function packJson(result: PackResult, { usage, advice, telemetry }: Told): object {
  const { snapshot, root, isIncomplete: _, ...counts } = result;
  return {
    ...{ snapshot: snapshot ?? null, root: root.toString(), ...counts, ...usage },
    ...{ advice: advice ?? null, telemetry: telemetry ?? null },
  };
}

/** The same for people. */
export function packText(result: PackResult, { usage, advice, telemetry }: Told): string {
  const { snapshot, files, directories, unchangedFiles, bytes, bytesRead, errors, errorCount } = result;
  const lines = [
    snapshot === undefined ? 'dry run: nothing was written' : `snapshot ${snapshot}`,
    `source   ${counted(files, 'file')} in ${counted(directories, 'folder')}, ${bytesText(bytes)}`,
    `read     ${bytesText(bytesRead)}; ${counted(unchangedFiles, 'unchanged file')} not read again`,
    `stored   ${bytesText(result.bytesStored)}${shareOf(result.bytesStored, bytes)}`,
    `blocks   ${blocksText(result)}`,
    `codecs   ${codecsText(result)}`,
    ...(advice === undefined ? [] : [`hints    ${hintsText(advice)}`]),
    ...(advice?.rollouts ?? []).map((rollout) => `rollout  ${rolloutText(rollout)}`),
    ...(telemetry === undefined ? [] : [`events   ${eventsText(telemetry)}`]),
    `took     ${usedText(bytes, usage)}`,
  ];
  if (errorCount > 0)
    lines.push(
      `problems ${counted(errorCount, 'path')}: ${safeText(codesText(errors))}${andMore(errorCount, errors.length)}`,
    );
  return `${lines.join('\n')}\n`;
}

function shareOf(stored: number, bytes: number): string {
  return bytes === 0 ? '' : `, ${((100 * stored) / bytes).toFixed(1)} % of the source`;
}

function blocksText({ blocks, newBlocks, deltaBlocks, groupedFiles }: PackResult): string {
  const parts = [`${counted(blocks, 'reference')} to blocks`, `${countText(newBlocks)} of them new`];
  if (deltaBlocks > 0) parts.push(`${countText(deltaBlocks)} as deltas`);
  if (groupedFiles > 0) parts.push(`${countText(groupedFiles)} small ones in groups`);
  return parts.join(', ');
}

function codecsText({ codecs }: PackResult): string {
  const parts = Object.entries(codecs).map(
    ([name, { blocks, bytes }]) => `${name} ${countText(blocks)} (${bytesText(bytes)})`,
  );
  return parts.length === 0 ? 'nothing new to encode' : parts.join(', ');
}

/** Who really answered, not who was there. */
function whoText(codecBy: string, questions: number, answeredByModel: number): string {
  if (answeredByModel === 0) return 'the rule';
  const who = safeText(codecBy);
  return answeredByModel === questions ? who : `${who} (${countText(answeredByModel)}) and the rule`;
}

function hintsText({ codecBy, questions, answeredByModel, codecs, bases }: AdviceReport): string {
  const parts = Object.entries(codecs).map(([codec, count]) => `${codec} ${countText(count)}`);
  const told = [
    ...(questions === 0
      ? []
      : [`codec by ${whoText(codecBy, questions, answeredByModel)}: ${parts.join(', ')}`]),
    ...(bases === undefined || bases.questions === 0 ? [] : [basesText(bases)]),
  ];
  return told.length === 0 ? 'none needed' : told.join('; ');
}

function basesText({ basesBy, questions, answeredByModel, kept, notKept, declined }: Bases): string {
  const who = whoText(basesBy, questions, answeredByModel);
  return `bases by ${who}: ${countText(kept)} stored, ${countText(notKept)} in vain, ${countText(declined)} not tried`;
}

/** Where a model is on its way now, and who decided. */
function rolloutText({ id, phase, reason, steps }: RolloutAdvice): string {
  const count = (who: 'model' | 'rule' | 'shadow'): string =>
    countText(steps.reduce((sum, step) => sum + step[who], 0));
  const decided = `model ${count('model')}, rule ${count('rule')}, shadow ${count('shadow')}`;
  const last = steps.at(-1);
  if (phase === 'rolled-back') return `${safeText(id)} ${phase}: ${safeText(reason)}; ${decided}`;
  if (last === undefined) return `${safeText(id)} ${phase}: no decisions`;
  const share = last.share === 0 ? 'in shadow' : `at ${percentText(last.share)}`;
  return `${safeText(id)} ${phase}, step ${last.step + 1} ${share}: ${decided}`;
}

const percentText = (share: number): string => `${+(100 * share).toFixed(2)} %`;

function eventsText({ stored, dropped, refused }: TelemetryCounters): string {
  const lost = dropped + refused === 0 ? '' : `, ${countText(dropped + refused)} lost`;
  return `${countText(stored)} recorded${lost}`;
}

function usedText(bytes: number, { seconds, cpuSeconds, peakRssBytes }: Told['usage']): string {
  const rate = rateText(bytes, seconds);
  return `${secondsText(seconds)}${rate === '' ? '' : ` (${rate})`}, CPU ${secondsText(cpuSeconds)}, peak memory ${bytesText(peakRssBytes)}`;
}

function codesText(errors: PackResult['errors']): string {
  const counts = new Map<string, number>();
  for (const { code } of errors) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${countText(count)} ${code}`).join(', ');
}
