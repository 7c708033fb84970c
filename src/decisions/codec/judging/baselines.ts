import { bandwidthTable, codecHeuristic, heuristicSteps } from '../heuristic.ts';
import { CODECS, type CodecValue } from '../validator.ts';
import type { CostRow } from './costs.ts';
import { type Chooser, evaluate } from './evaluate.ts';

/** Document 000 calls anything above so many bytes large. */
const DOCUMENT_LARGE_BYTES = 100_000;

const unmeasured = (): 'none' => 'none';

const always = (codec: CodecValue): Chooser => ({ who: codec, steps: unmeasured, choose: () => codec });

/** Every codec as the answer to everything. */
export const constants = (): Chooser[] => CODECS.map(always);

/** The room's own rule; it measures nothing. */
export const heuristicChooser: Chooser = { who: 'heuristic', steps: heuristicSteps, choose: codecHeuristic };

/** A codec by link rate and nothing else. */
export const tableChooser: Chooser = {
  who: 'bandwidth-table',
  steps: unmeasured,
  choose: ({ linkBitsPerSecond }) => bandwidthTable(linkBitsPerSecond),
};

/** Document 000, word for word: `blockSize > 100000 ? zstd : lz4`, zstd at its default level. */
export const documentChooser: Chooser = {
  who: 'document-rule',
  steps: unmeasured,
  choose: ({ rawBytes }) => (rawBytes > DOCUMENT_LARGE_BYTES ? 'zstd-3' : 'lz4'),
};

/** The constant that is best on exactly these rows: what nobody can know beforehand. */
export function bestFixed(rows: readonly CostRow[], link: number): Chooser {
  const costs = CODECS.map((codec) =>
    evaluate(rows, link, always(codec)).chosen.reduce((sum, cost) => sum + cost, 0),
  );
  return { ...always(CODECS[costs.indexOf(Math.min(...costs))] ?? 'none'), who: 'best-fixed' };
}
