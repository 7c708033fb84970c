import type { SourcedSample } from '../../dataset/index.ts';
import type { SqlRow } from '../../registry/index.ts';
import type { IngestRow } from './types.ts';

type Body = Omit<Extract<IngestRow, { kind: 'sample' }>, 'id' | 'kind'>;

/** A sample of a row that is one, or of features with their outcome. */
export function sampleOfRow(row: SqlRow): SourcedSample {
  const own = JSON.parse(String(row['body'])) as Body;
  const judged = row['kind'] === 'sample' ? own : (JSON.parse(String(row['outcome'])) as Body);
  const { features, group, time } = own;
  const { label, weight, cost } = judged;
  return {
    features: Object.fromEntries(
      Object.entries(features).map(([name, value]) => [name, value ?? Number.NaN]),
    ),
    label,
    options: {
      ...(group === undefined ? {} : { group }),
      ...(time === undefined ? {} : { time }),
      ...(weight === undefined ? {} : { weight }),
      ...(cost === undefined ? {} : { cost }),
    },
  };
}
