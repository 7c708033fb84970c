import { PilotfishError } from '../../base/index.ts';
import { finite, wholeNumber } from '../contract/index.ts';
import { damagedRecord, type JournalRecord, type TrialState } from './journal.ts';
import { type StudyParts, type StudySettings, studyParts } from './settings.ts';
import { decode, encode, type ParameterValues } from './space.ts';

/** Parameters to try. */
export type Trial = { readonly number: number; readonly parameters: ParameterValues };

/** The best complete trial so far. */
export type BestTrial = Trial & { readonly value: number };

/** Where a study writes what happens, before it takes effect: an error thrown here leaves the study unchanged. */
export type JournalWriter = (record: JournalRecord) => void;

/** Most trials that run at once; a study forgets a trial when it is told. */
const maxRunning = 10_000;

type Running = Trial & { readonly coordinates: Float64Array; step: number; last: number };

/**
 * A search for good parameters by ask and tell: `ask` for a trial, run it, `report` intermediate values if it has
 * some, `tell` how it ended. Trials may overlap. Minimises or maximises one value.
 *
 * The study does no I/O: it hands each record to the journal writer before it acts on it. `Study.resume` with the
 * same records continues as if it had never stopped, down to the same next suggestion.
 */
export class Study {
  readonly #parts: StudyParts;
  readonly #write: JournalWriter;
  readonly #running = new Map<number, Running>();
  /** Trials whose workers were lost, to be handed out again. */
  readonly #waiting: number[] = [];
  #asked = 0;
  #best: BestTrial | undefined;

  /** @throws PilotfishError `USAGE` for settings that make no sense, `LIMIT` for too large a grid. */
  constructor(settings: StudySettings, journal: JournalWriter = () => undefined) {
    this.#parts = studyParts(settings);
    this.#write = journal;
    journal({ type: 'study', version: 1, settings });
  }

  /**
   * The study that wrote these records. It goes on writing to `journal`, from the next record.
   * @throws PilotfishError `EMPTY` without records, `DAMAGED` naming the first that does not fit.
   */
  static resume(records: Iterable<JournalRecord>, journal: JournalWriter = () => undefined): Study {
    let [study, index, replaying] = [undefined as Study | undefined, 0, true];
    const write: JournalWriter = (record) => {
      if (!replaying) journal(record);
    };
    for (const record of records) {
      try {
        if (study === undefined) study = Study.#first(record, write);
        else study.#replay(record);
      } catch (error) {
        throw damagedRecord(index, error);
      }
      index += 1;
    }
    replaying = false;
    if (study === undefined)
      throw new PilotfishError('EMPTY', 'the journal has no records; start a new study');
    return study;
  }

  /** The complete trial with the best value; of equals the first. */
  get best(): BestTrial | undefined {
    return this.#best;
  }

  /** Trials handed out and not told, in the order they were asked for: after a crash, those to `requeue`. */
  get running(): readonly Trial[] {
    return Array.from(this.#running.values(), ({ number, parameters }) => ({ number, parameters }));
  }

  /**
   * Parameters to try next: those of a requeued trial, or new ones.
   * @throws PilotfishError `EMPTY` when a grid is exhausted, `LIMIT` while 10 000 trials run.
   */
  ask(): Trial {
    const again = this.#waiting[0];
    if (again !== undefined) {
      const { number, parameters } = this.#runningTrial(again);
      this.#ask(number, parameters);
      return { number, parameters };
    }
    if (this.#running.size >= maxRunning) {
      throw new PilotfishError('LIMIT', `${maxRunning} trials run: tell how some ended, or requeue them`);
    }
    const pending = Array.from(this.#running.values(), (trial) => trial.coordinates);
    const { axes, sampler } = this.#parts;
    const trial = { number: this.#asked, parameters: decode(axes, sampler.propose(this.#asked, pending)) };
    this.#ask(trial.number, trial.parameters);
    return trial;
  }

  /**
   * Takes an intermediate value of a running trial; steps must rise. True: the trial is not worth going on with;
   * stop it and tell `pruned`.
   * @throws PilotfishError `USAGE` for a trial that does not run or a step that is not later, `NOT_FINITE`.
   */
  report(trial: number, step: number, value: number): boolean {
    const running = this.#runningTrial(trial);
    wholeNumber('step', step, [running.step + 1, Number.MAX_SAFE_INTEGER]);
    finite('value', value);
    this.#write({ type: 'report', trial, step, value });
    running.step = step;
    running.last = value * this.#parts.sign;
    return this.#parts.pruner.report(trial, step, running.last);
  }

  /**
   * How a trial ended: with a value, `pruned`, or `failed` (the sampler learns nothing from it). A value that is not
   * finite is a failure: tell it so.
   * @throws PilotfishError `USAGE` for a trial that does not run, `NOT_FINITE`.
   */
  tell(trial: number, result: number | 'pruned' | 'failed'): void {
    if (typeof result === 'number') this.#tell(trial, 'complete', finite('value', result));
    else this.#tell(trial, result, undefined);
  }

  /**
   * The worker of a running trial is lost: a later `ask` hands the same parameters out again under the same number,
   * to be run from the start.
   * @throws PilotfishError `USAGE` for a trial that does not run.
   */
  requeue(trial: number): void {
    this.#runningTrial(trial);
    if (this.#waiting.includes(trial)) return;
    this.#write({ type: 'requeue', trial });
    this.#waiting.push(trial);
  }

  static #first(record: JournalRecord, write: JournalWriter): Study {
    if (record?.type !== 'study')
      throw new PilotfishError('USAGE', 'the first record says what the study is');
    if (record.version !== 1) throw new PilotfishError('NEWER_VERSION', `journal version ${record.version}`);
    return new Study(record.settings, write);
  }

  #replay(record: JournalRecord): void {
    switch (record?.type) {
      case 'ask':
        this.#ask(record.trial, record.parameters);
        break;
      case 'report':
        this.report(record.trial, record.step, record.value);
        break;
      case 'tell':
        this.#tell(record.trial, record.state, record.value);
        break;
      case 'requeue':
        this.requeue(record.trial);
        break;
      default:
        throw new PilotfishError('USAGE', 'it is no ask, report, tell or requeue');
    }
  }

  #runningTrial(trial: number): Running {
    const running = this.#running.get(trial);
    if (running === undefined) {
      throw new PilotfishError('USAGE', `trial ${trial} does not run: ask for one, and tell its end once`);
    }
    return running;
  }

  #ask(number: number, parameters: ParameterValues): void {
    const coordinates = encode(this.#parts.axes, parameters);
    const again = this.#waiting[0] === number;
    if (!again && number !== this.#asked) throw new PilotfishError('USAGE', `trial ${number} is out of turn`);
    this.#write({ type: 'ask', trial: number, parameters });
    if (again) {
      this.#waiting.shift();
      this.#parts.pruner.finish(number, false);
    } else this.#asked += 1;
    this.#running.set(number, { number, parameters, coordinates, step: -1, last: Infinity });
  }

  #tell(trial: number, state: TrialState, value: number | undefined): void {
    const running = this.#runningTrial(trial);
    const { sampler, pruner, sign } = this.#parts;
    if (state === 'complete') {
      const own = finite('value', value ?? Number.NaN);
      this.#write({ type: 'tell', trial, state, value: own });
      sampler.observe({ coordinates: running.coordinates, value: own * sign, step: Infinity });
      const { number, parameters } = running;
      const better = this.#best === undefined || own * sign < this.#best.value * sign;
      if (better) this.#best = { number, parameters, value: own };
    } else {
      if (state !== 'pruned' && state !== 'failed')
        throw new PilotfishError('USAGE', `"${state}" is no end of a trial`);
      this.#write({ type: 'tell', trial, state });
      if (state === 'pruned') {
        sampler.observe({ coordinates: running.coordinates, value: running.last, step: running.step });
      }
    }
    pruner.finish(trial, state === 'complete');
    this.#running.delete(trial);
    const waiting = this.#waiting.indexOf(trial);
    if (waiting >= 0) this.#waiting.splice(waiting, 1);
  }
}
