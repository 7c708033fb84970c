// The results of a run: the sections by name, in the order of the report.
import type { Machine } from '../common/machine.ts';
import { detectorsSection } from './detectors.ts';
import { driftSection } from './drift.ts';
import { experimentsSection } from './experiments.ts';
import { onlineSection } from './online.ts';
import { rolloutSection } from './rollout.ts';
import type { Scale, Section, SectionOptions } from './section.ts';

export type SectionRun = (scale: Scale, options: SectionOptions) => Promise<Section>;

const inOrder = {
  experiments: experimentsSection,
  rollout: rolloutSection,
  drift: driftSection,
  online: onlineSection,
  detectors: detectorsSection,
} as const;

export type SectionName = keyof typeof inOrder;
export const sections: Readonly<Record<SectionName, SectionRun>> = inOrder;
export const sectionNames = Object.keys(sections) as readonly SectionName[];

/** A section, with when it was measured: runs of `--only` leave the others as they were. */
export interface Measured extends Section {
  readonly date: string;
  readonly seconds: number;
}

export interface Results {
  readonly machine: Machine;
  readonly sections: Partial<Readonly<Record<SectionName, Measured>>>;
}
