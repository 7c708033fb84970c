import { resolve } from 'node:path';
import { hasCode, PilotfishError } from '../base/index.ts';
import { type Problem, Repository, type RepositoryPorts } from '../blocks/index.ts';
import { EXIT } from './exit.ts';
import { Output } from './output.ts';
import { givenPassword } from './passwords.ts';
import { Progress } from './progress.ts';
import { askHidden } from './prompt.ts';
import { Terminal } from './terminal.ts';
import { jsonText, safeText } from './text.ts';
import type { Usage, World } from './world.ts';

/** Options most commands have. */
export interface CommonOptions {
  readonly repo?: string;
  readonly passwordFile?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly threads?: number;
}

/** How a command opens a repository. */
export interface OpenChoices extends CommonOptions {
  /** What it may do there; default: read. */
  readonly mode?: 'read' | 'write' | 'exclusive';
  /** The password, for a repository that is not the one the environment is about. */
  readonly password?: () => string | undefined;
}

/** Warnings printed one by one; beyond, only their number is. */
const MAX_WARNINGS = 100;

/** What a command runs on: its streams, its repository, its way to stop. */
export class Context {
  readonly world: World;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  readonly output: Output;
  /** What the process will end with; set by the command that ran. */
  exitCode: number = EXIT.done;
  /** True once the one JSON object on stdout is complete, or will be with the error in it: no second may follow. */
  hasToldJson = false;
  #ports: RepositoryPorts | undefined;
  #startNs: bigint | undefined;
  #warnings = 0;

  constructor(world: World, signal: AbortSignal) {
    this.world = world;
    this.signal = signal;
    this.terminal = new Terminal(world.stderr, world.settings.isDebug);
    this.output = new Output(world.stdout, signal);
  }

  /** The parts repositories are built of; the first to ask says with how many threads. */
  ports(threads?: number): RepositoryPorts {
    this.#ports ??= this.world.ports({ log: this.terminal, threads });
    this.#startNs ??= this.#ports.clock.monotonicNs();
    return this.#ports;
  }

  /** Seconds since the parts were built, and what the process has used. */
  usage(): Usage & { seconds: number } {
    const nowNs = this.ports().clock.monotonicNs();
    return { seconds: Number(nowNs - (this.#startNs ?? nowNs)) / 1e9, ...this.world.usage() };
  }

  /** The repository meant by `--repo` or the environment, as an absolute path. */
  repositoryPath(options: CommonOptions): string {
    const path = options.repo ?? this.world.settings.repository;
    if (path !== undefined && path !== '') return resolve(path);
    throw new PilotfishError(
      'NO_REPOSITORY',
      'no repository is named: give one with --repo or in PILOTFISH_REPO',
    );
  }

  /** The password of the repository meant, unless a person has to be asked. */
  givenPassword({ passwordFile }: CommonOptions): string | undefined {
    const { password } = this.world.settings;
    return givenPassword({ option: '--password-file', file: passwordFile, setting: password });
  }

  /** Opens the repository, runs `work` on it and its password, and closes it whatever happens. */
  async withRepository<T>(
    options: OpenChoices,
    work: (repository: Repository, password: string | undefined) => T | Promise<T>,
  ): Promise<T> {
    const { repository, password } = await this.#open(options);
    try {
      return await work(repository, password);
    } finally {
      repository.close();
    }
  }

  /** Opens it with the password given, or else with one typed. */
  async #open(options: OpenChoices): Promise<{ repository: Repository; password: string | undefined }> {
    const path = this.repositoryPath(options);
    const open = (password: string | undefined) => ({
      repository: new Repository({ path, password }, this.ports(options.threads), options.mode ?? 'read'),
      password,
    });
    const given = options.password === undefined ? this.givenPassword(options) : options.password();
    try {
      return open(given);
    } catch (error) {
      if (given !== undefined || !hasCode(error, 'WRONG_PASSWORD')) throw error;
      const typed = await askHidden(this, `password of ${path}: `);
      if (typed === undefined) throw error;
      return open(typed);
    }
  }

  /** Progress on stderr for a command that handles many of something. */
  progress(options: CommonOptions, noun?: string): Progress {
    return new Progress(this.terminal, this.ports(options.threads).clock, {
      noun,
      isQuiet: options.quiet === true,
    });
  }

  /** Prints the result: one object with `--json`, otherwise the text, which `--quiet` leaves out. */
  async result(options: CommonOptions, result: { json: object; text: string }): Promise<void> {
    this.terminal.status('');
    if (options.json) {
      this.hasToldJson = true;
      await this.output.write(`${jsonText(result.json)}\n`);
    } else if (!options.quiet) await this.output.write(result.text);
  }

  /** Tells of something about one path that did not go as asked. */
  warn({ path, code, message }: Problem): void {
    this.#warnings += 1;
    if (this.#warnings <= MAX_WARNINGS)
      this.terminal.line(safeText(`pilotfish: warning: ${code}: ${path}: ${message}`));
    if (this.#warnings === MAX_WARNINGS) {
      this.terminal.line('pilotfish: warning: from here on problems are only counted; --json lists them');
    }
  }

  /** Lets signals in; throws INTERRUPTED once one came. For commands that have no pause of their own. */
  async turn(): Promise<void> {
    await this.ports().clock.turn();
    if (this.signal.aborted) throw new PilotfishError('INTERRUPTED', 'interrupted: run the command again');
  }
}
