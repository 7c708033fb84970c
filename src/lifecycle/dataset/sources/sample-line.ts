import type { FeatureValues, SampleOptions } from '../builder.ts';
import { damaged } from '../header.ts';
import { linesOf } from './lines.ts';
import type { SourcedSample } from './source.ts';

type Value = number | null;
/** A sample as a line of JSON has it; null is a missing value. */
type SampleJson = {
  readonly features: Readonly<Record<string, Value>> | readonly Value[];
  readonly label: string | number;
  readonly group?: string | null;
  readonly time?: number | null;
  readonly weight?: number | null;
  readonly cost?: readonly number[] | null;
};

/** The samples of a text in JSON lines. @param where names it in errors @throws PilotfishError `DAMAGED` with the line. */
export async function* samplesOfLines(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<SourcedSample> {
  for await (const { number, text } of linesOf(chunks)) {
    const sample = text === null ? undefined : sampleOfText(text);
    if (sample === undefined) throw damaged(`${where}:${number}`, 'the line is no sample');
    yield sample;
  }
}

function sampleOfText(text: string): SourcedSample | undefined {
  try {
    return sampleOfJson(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The shape alone: what the values must be is checked where every sample is, when it is added. */
function sampleOfJson(value: unknown): SourcedSample | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { features, label, group, time, weight, cost } = value as SampleJson;
  if (typeof features !== 'object' || features === null || label === undefined) return undefined;
  const options: SampleOptions = {
    ...(group === undefined || group === null ? {} : { group }),
    ...(time === undefined || time === null ? {} : { time }),
    ...(weight === undefined || weight === null ? {} : { weight }),
    ...(cost === undefined || cost === null ? {} : { cost }),
  };
  return { features: withoutNull(features), label, options };
}

const present = (value: Value): number => value ?? Number.NaN;

function withoutNull(features: SampleJson['features']): FeatureValues {
  if (Array.isArray(features)) return features.map(present);
  return Object.fromEntries(Object.entries(features).map(([name, value]) => [name, present(value as Value)]));
}
