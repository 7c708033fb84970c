// What is measured beside the rows.
import type { Reference } from '../reference.ts';
import type { Section } from '../results.ts';
import { choiceSection } from './choices.ts';
import { latencySection } from './latency.ts';
import { streamSection } from './streams.ts';
import { trainingSection } from './training.ts';

/** What a section is given. */
export interface Setting {
  /** Less data, fewer repeats. */
  readonly isQuick: boolean;
  readonly references: readonly Reference[];
  /** A folder for files of its own. */
  readonly workplace: string;
  readonly say: (line: string) => void;
}

export const sectionNames = ['training', 'streams', 'latency', 'choices'] as const;
export type SectionName = (typeof sectionNames)[number];

/** Measures each section. */
export const makeSection: Readonly<Record<SectionName, (setting: Setting) => Section | Promise<Section>>> = {
  training: trainingSection,
  streams: streamSection,
  latency: latencySection,
  choices: choiceSection,
};
