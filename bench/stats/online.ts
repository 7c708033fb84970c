// Online learning: beside River, after abrupt changes, against poison; and what is known of a policy before it plays.
import { banditRows } from './online/bandits.ts';
import { gateRows } from './online/gate.ts';
import { realRows, recoveryRows } from './online/recovery.ts';
import { gatedRows, RIVER_VERSION, riverRows } from './online/river.ts';
import type { Scale, Section, SectionOptions } from './section.ts';

/** The promises about `lifecycle/online`. */
export async function onlineSection(scale: Scale, { dataDirectory }: SectionOptions = {}): Promise<Section> {
  return {
    title: 'Online learning',
    note: `Streams of River's documentation, with the answers of River ${RIVER_VERSION} on the very same rows; River's speed is that of River 0.19 on one core of another machine. Pipelines have document 003's settings: batch 100, least 50, buffer 1000. A pipeline serves only what has beaten its champion, so on short streams it serves less than it has learnt.`,
    rows: [
      ...riverRows(scale),
      ...(scale === 'full' ? gatedRows() : []),
      ...recoveryRows(scale, dataDirectory),
      ...realRows(scale, dataDirectory),
      ...gateRows(scale),
      ...banditRows(scale),
    ],
  };
}
