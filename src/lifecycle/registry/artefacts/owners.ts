import { asRepositoryError, exists, type FileSystem, makeDirectories } from '../../../base/index.ts';

type OwnerPorts = {
  /** One empty file a registry, by its id. */
  readonly directory: string;
  readonly fs: FileSystem;
  /** Our id; undefined: we have none, and leave no trace. */
  readonly owner?: string | undefined;
};

/** The registries that have used a folder of artefacts: what none of our versions names may be theirs. */
export class Owners {
  readonly #ports: OwnerPorts;

  constructor(ports: OwnerPorts) {
    this.#ports = ports;
  }

  /** Writes down that we use it. @throws PilotfishError `NO_SPACE`, `IO`. */
  claim(): void {
    const { fs, directory, owner } = this.#ports;
    this.#files(() => {
      if (owner === undefined || exists(fs, `${directory}/${owner}`)) return;
      makeDirectories(fs, directory);
      fs.close(fs.open(`${directory}/${owner}`, 'truncate', 0o600));
      fs.fsyncDirectory(directory);
    });
  }

  /** Ids of the others. @throws PilotfishError `IO`. */
  get others(): string[] {
    const { fs, directory, owner } = this.#ports;
    return this.#files(() => {
      if (!exists(fs, directory)) return [];
      const ids = fs.readDirectory(directory).map(String);
      return ids.filter((id) => id !== owner);
    });
  }

  /** Gives what a file call throws a code. */
  #files<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asRepositoryError(error, this.#ports.directory);
    }
  }
}
