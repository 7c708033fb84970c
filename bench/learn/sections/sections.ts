// What is measured beside the rows.
import type { Reference } from '../reference.ts';
import type { Section } from '../results.ts';
import { boostingSection } from './boosting.ts';
import { choiceSection } from './choices.ts';
import { latencySection } from './latency.ts';
import { lstmTrainingSection } from './lstm-training.ts';
import { mlpTrainingSection } from './mlp-training.ts';
import { searchSection } from './search.ts';
import { streamSection } from './streams.ts';

/** What a section is given. */
export interface Setting {
  /** Less data, fewer repeats. */
  readonly isQuick: boolean;
  readonly references: readonly Reference[];
  /** A folder for files of its own. */
  readonly workplace: string;
  readonly say: (line: string) => void;
}

export const sectionNames = [
  'mlp-training',
  'lstm-training',
  'boosting',
  'streams',
  'latency',
  'choices',
  'search',
] as const;
export type SectionName = (typeof sectionNames)[number];

/** Measures each section. */
export const makeSection: Readonly<Record<SectionName, (setting: Setting) => Section | Promise<Section>>> = {
  'mlp-training': mlpTrainingSection,
  'lstm-training': lstmTrainingSection,
  boosting: boostingSection,
  streams: streamSection,
  latency: latencySection,
  choices: choiceSection,
  search: searchSection,
};
