// What every tool under measurement offers, so that all are treated alike.
import type { Command } from '../commands.ts';

/** Where one run of one tool takes place. */
export interface Place {
  /** The directory to store. */
  readonly set: string;
  /** The repository or archive. */
  readonly repository: string;
  /** An empty folder to restore into. */
  readonly target: string;
  /** Caches, settings and temporary files of the tool. */
  readonly home: string;
}

/** One row of the table. */
export interface Contender {
  readonly id: string;
  readonly label: string;
  readonly version: string;
  readonly encrypts: boolean;
  /** Whether a new version is added to what is there, and one file can be read without all before it. */
  readonly isRepository: boolean;
  /** What is not timed: creating an empty repository. */
  readonly prepare?: (place: Place) => void;
  readonly create: (place: Place) => Command;
  readonly restore: (place: Place) => Command;
  /** Reads and checks everything stored. */
  readonly verify?: (place: Place) => Command;
  /** Stores the same, unchanged directory again. */
  readonly rerun?: (place: Place) => Command;
  /** Reads random blocks and prints what that took. */
  readonly readBlocks?: (place: Place) => Command;
  /** Looks into the repository for figures about the set. */
  readonly inspect?: (place: Place) => Command;
  /** Looks into the repository for what choosing codecs is worth. */
  readonly chooseCodecs?: (place: Place) => Command;
}

/** A tool that is not here, and what to do about it. */
export interface Absent {
  readonly id: string;
  readonly reason: string;
}
