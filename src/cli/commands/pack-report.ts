import type { PackResult } from '../../blocks/index.ts';
import type { AdviceReport } from '../../decisions/index.ts';
import { andMore, bytesText, counted, countText, rateText, safeText, secondsText } from '../text.ts';
import type { Usage } from '../world.ts';

/** What a run used, and what the rooms said. */
interface Told {
  readonly usage: Usage & { readonly seconds: number };
  readonly advice: AdviceReport | undefined;
}

/** The result of a `pack` as `--json` prints it; docs/cli.md describes each field. */
export function packJson(result: PackResult, { usage, advice }: Told): object {
  const { snapshot, root, isIncomplete: _, ...counts } = result;
  return { snapshot: snapshot ?? null, root: root.toString(), ...counts, ...usage, advice: advice ?? null };
}

/** The same for people. */
export function packText(result: PackResult, { usage, advice }: Told): string {
  const { snapshot, files, directories, unchangedFiles, bytes, bytesRead, errors, errorCount } = result;
  const lines = [
    snapshot === undefined ? 'dry run: nothing was written' : `snapshot ${snapshot}`,
    `source   ${counted(files, 'file')} in ${counted(directories, 'folder')}, ${bytesText(bytes)}`,
    `read     ${bytesText(bytesRead)}; ${counted(unchangedFiles, 'unchanged file')} not read again`,
    `stored   ${bytesText(result.bytesStored)}${shareOf(result.bytesStored, bytes)}`,
    `blocks   ${blocksText(result)}`,
    `codecs   ${codecsText(result)}`,
    ...(advice === undefined ? [] : [`hints    ${hintsText(advice)}`]),
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
  return answeredByModel === questions ? codecBy : `${codecBy} (${countText(answeredByModel)}) and the rule`;
}

function hintsText({ codecBy, questions, answeredByModel, codecs }: AdviceReport): string {
  const parts = Object.entries(codecs).map(([codec, count]) => `${codec} ${countText(count)}`);
  return questions === 0
    ? 'none needed'
    : `codec by ${whoText(codecBy, questions, answeredByModel)}: ${parts.join(', ')}`;
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
