import { hasCode } from '../../../base/index.ts';
import type { StreamLearner } from '../../../learn/index.ts';
import { type Counts, noCounts } from './counts.ts';
import { type Asked, Inbox, type Labelled, type SavedInbox } from './inbox.ts';
import { bytesOf, classesOf, copyOf, freshOf, openLearner, teach } from './learners.ts';
import { Rival, type SavedRival, sayOf, scoreOf } from './rival.ts';
import { FALL_SAMPLES, type SavedBoard, ScoreBoard } from './score-board.ts';
import type { EngineSettings, Outcome, PipelineEvent } from './settings.ts';

/** Samples on which a rival must have shown itself as it is before it may serve. */
const PROBATION = 20;
/** After a fall the next one is not looked for so many samples. */
const FALL_REST = 150;
const RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 3_600_000;

/** An engine as it lies on disk. */
export type SavedEngine = {
  readonly champion: string;
  readonly championLearner: string;
  readonly rivals: readonly (SavedRival | null)[];
  readonly inbox: SavedInbox;
  readonly board: SavedBoard;
  readonly counts: Counts;
};

/** Names of the places rivals stand in. */
const [LINE, FRESH, PREVIOUS] = [0, 1, 2] as const;

/**
 * A pipeline without its surroundings: a deterministic machine over its log. The champion answers and learns nothing. A
 * `line` goes on from the champion and learns batch by batch; after a fall of the score a `fresh` one begins with what
 * came since. Whichever beats the champion takes its place; the replaced one watches, and comes back when it is better.
 */
export class PipelineEngine {
  readonly settings: EngineSettings;
  readonly classes: number;
  readonly counts: Counts;
  readonly #inbox: Inbox;
  readonly #board: ScoreBoard;
  #champion: { readonly key: string; readonly learner: StreamLearner };
  readonly #rivals: (Rival | undefined)[];

  constructor(settings: EngineSettings, champion: { readonly key: string; readonly learner: StreamLearner }) {
    this.settings = settings;
    this.classes = classesOf(champion.learner);
    this.#champion = champion;
    this.#rivals = [new Rival(`${champion.key}+line`, copyOf(champion.learner)), undefined, undefined];
    this.#inbox = new Inbox(settings.maxBufferSize, FALL_SAMPLES);
    this.#board = new ScoreBoard(this.classes);
    this.counts = noCounts();
  }

  get champion(): string {
    return this.#champion.key;
  }

  get inbox(): Inbox {
    return this.#inbox;
  }

  get board(): ScoreBoard {
    return this.#board;
  }

  /** Those that are tried beside the champion, with what speaks for them so far. */
  get rivals(): readonly Rival[] {
    return this.#rivals.filter((rival) => rival !== undefined);
  }

  /** What the champion says of a row. */
  say(x: ArrayLike<number>): number {
    return sayOf(this.#champion.learner, x);
  }

  championBytes(): Uint8Array {
    return bytesOf(this.#champion.learner);
  }

  /**
   * Takes the next event. `key` names what it leads to.
   * @throws PilotfishError `MISSING` for the label of a sample that does not wait for one.
   */
  apply(event: PipelineEvent, key: string): Outcome[] {
    this.counts.events += 1;
    this.counts.lastMs = event.timeMs;
    // The first event starts the clock of the periodic strategy.
    if (this.counts.lastUpdateMs === 0) this.counts.lastUpdateMs = event.timeMs;
    const outcomes: Outcome[] = [];
    if (event.kind === 'rebase') return [this.#rebase(event)];
    if (event.kind === 'sample') {
      const asked = this.#ask(event.x, event.weight);
      if (event.y === undefined) this.#inbox.wait(event.sampleId, asked);
      else this.#score({ ...asked, y: event.y }, key, outcomes);
    } else if (event.kind === 'label') {
      this.#score({ ...this.#inbox.take(event.sampleId), y: event.y }, key, outcomes);
    }
    const fallen = event.kind === 'sample' || event.kind === 'label' ? this.#fall(key, outcomes) : 0;
    if (fallen > 0 || event.kind === 'trigger' || this.due(event.timeMs)) {
      this.#update(event.timeMs, { key, fallen }, outcomes);
    }
    return outcomes;
  }

  /** Whether an update would be made now, if an event came. */
  due(timeMs: number): boolean {
    const { strategy, updateFrequencyMs, batchSize, minSamples, maxBufferSize } = this.settings;
    const { buffered } = this.#inbox;
    const { retryMs, lastUpdateMs, sinceFall } = this.counts;
    if (timeMs < retryMs || buffered === 0) return false;
    if (strategy === 'incremental') return buffered >= minSamples;
    if (strategy === 'mini_batch') return buffered >= batchSize;
    if (strategy === 'periodic') return buffered >= minSamples && timeMs - lastUpdateMs >= updateFrequencyMs;
    return buffered >= (sinceFall < maxBufferSize ? minSamples : maxBufferSize);
  }

  #ask(x: readonly number[], weight: number): Asked {
    const says = this.#rivals.map((rival) =>
      rival === undefined
        ? undefined
        : { key: rival.key, updates: rival.updates, said: sayOf(rival.learner, x) },
    );
    return { x, weight, champion: this.#champion.key, said: this.say(x), says };
  }

  /** Judges everyone who was asked, and lets those step forward and back who have shown enough. */
  #score(sample: Labelled, key: string, outcomes: Outcome[]): void {
    const score = scoreOf(sample.said, sample.y, this.classes);
    this.#board.add(score);
    this.counts.sinceFall += 1;
    this.#inbox.put(sample);
    if (sample.champion !== this.#champion.key) return;
    for (const [place, said] of sample.says.entries()) {
      const rival = this.#rivals[place];
      if (said === undefined || rival === undefined || said.key !== rival.key) continue;
      rival.judge(scoreOf(said.said, sample.y, this.classes), score, said.updates);
    }
    this.#decide(key, outcomes);
  }

  #decide(key: string, outcomes: Outcome[]): void {
    const alpha = this.settings.alpha / 2;
    const probation = Math.min(PROBATION, this.settings.minSamples);
    const previous = this.#rivals[PREVIOUS];
    if (previous?.hasWon(alpha, probation)) {
      outcomes.push(this.#rollBack(previous));
      return;
    }
    for (const place of [FRESH, LINE]) {
      const rival = this.#rivals[place];
      if (rival?.hasWon(alpha, probation) && rival.updates > 0) {
        outcomes.push(this.#swap(place, rival, key));
        return;
      }
      if (rival?.hasLost(alpha)) outcomes.push(this.#reject(place, rival));
    }
  }

  #swap(place: number, rival: Rival, key: string): Outcome {
    const replaced = this.#champion;
    const { samples, logValue } = rival.evidence;
    const { scored: probationSamples, gain: probationGain, learnt } = rival;
    const learner = copyOf(rival.learner);
    this.#champion = { key, learner };
    this.counts.swaps += 1;
    this.#rivals[PREVIOUS] = new Rival(replaced.key, replaced.learner);
    if (place === FRESH) {
      this.#rivals[LINE] = rival;
      this.#rivals[FRESH] = undefined;
    }
    for (const other of this.#rivals) other?.begin();
    return {
      ...{ kind: 'swap', key, replaced: replaced.key, bytes: bytesOf(learner) },
      report: {
        ...{ trialSamples: samples, logEvidence: logValue, needed: -Math.log(this.settings.alpha / 2) },
        ...{ probationSamples, probationGain, learnt },
        ...{ score: this.#board.mean ?? 0, begunFresh: Number(place === FRESH) },
      },
    };
  }

  #rollBack(previous: Rival): Outcome {
    const from = this.#champion.key;
    const { samples, logValue } = previous.evidence;
    this.#champion = { key: previous.key, learner: previous.learner };
    this.#rivals[LINE] = new Rival(`${previous.key}+line`, copyOf(previous.learner));
    this.#rivals[PREVIOUS] = undefined;
    this.#rivals[FRESH]?.begin();
    this.counts.rollbacks += 1;
    const report = { trialSamples: samples, logEvidence: logValue };
    return { kind: 'rollback', key: previous.key, replaced: from, bytes: this.championBytes(), report };
  }

  #reject(place: number, rival: Rival): Outcome {
    this.#rivals[place] =
      place === LINE ? new Rival(`${this.#champion.key}+line`, copyOf(this.#champion.learner)) : undefined;
    this.counts.rejected += 1;
    const { scored, gain, learnt } = rival;
    return { kind: 'reject', key: rival.key, report: { scored, gain, learnt } };
  }

  /** Samples a fall of the score has lasted; only the adaptive strategy looks. */
  #fall(key: string, outcomes: Outcome[]): number {
    if (this.settings.strategy !== 'adaptive' || this.counts.sinceFall < FALL_REST) return 0;
    const fallen = this.#board.fallen();
    if (fallen === 0) return 0;
    this.#board.forget(fallen);
    this.counts.falls += 1;
    this.counts.sinceFall = 0;
    outcomes.push({ kind: 'fall', key, report: { samples: fallen } });
    return fallen;
  }

  /** Line and fresh line learn what waits; a learner that fails is thrown away, and tried again after a while. */
  #update(
    timeMs: number,
    { key, fallen }: { readonly key: string; readonly fallen: number },
    outcomes: Outcome[],
  ): void {
    const batch = this.#inbox.drain();
    const { counts } = this;
    try {
      for (const place of [LINE, FRESH]) this.#learn(place, batch);
      if (fallen > 0) this.#beginFresh(key, fallen);
    } catch (error) {
      if (!hasCode(error)) throw error;
      this.#rivals[LINE] = new Rival(`${this.#champion.key}+line`, copyOf(this.#champion.learner));
      this.#rivals[FRESH] = undefined;
      counts.failures += 1;
      counts.retryMs = timeMs + Math.min(RETRY_MS * 2 ** (counts.failures - 1), LONGEST_RETRY_MS);
      counts.error = `${error.code}: ${error.message}`;
      outcomes.push({ kind: 'fail', key, report: { error: counts.error, samples: batch.length } });
      return;
    }
    counts.updates += 1;
    counts.lastUpdateMs = timeMs;
    counts.failures = 0;
    counts.error = '';
    outcomes.push({ kind: 'update', key, report: { samples: batch.length } });
  }

  #learn(place: number, batch: readonly Labelled[]): void {
    const rival = this.#rivals[place];
    if (rival === undefined) return;
    teach(rival.learner, batch);
    rival.updated(batch.length);
  }

  #beginFresh(key: string, fallen: number): void {
    const learner = freshOf(this.#champion.learner);
    const since = this.#inbox.latest(fallen);
    teach(learner, since);
    const fresh = new Rival(`${key}+fresh`, learner);
    fresh.updated(since.length);
    this.#rivals[FRESH] = fresh;
  }

  #rebase({ champion: key, learner }: Extract<PipelineEvent, { kind: 'rebase' }>): Outcome {
    const replaced = this.#champion.key;
    this.#champion = { key, learner: openLearner(Buffer.from(learner, 'base64')) };
    this.#rivals.fill(undefined);
    this.#rivals[LINE] = new Rival(`${key}+line`, copyOf(this.#champion.learner));
    return { kind: 'rebase', key, replaced, report: {} };
  }

  save(): SavedEngine {
    return {
      champion: this.#champion.key,
      championLearner: Buffer.from(this.championBytes()).toString('base64'),
      rivals: this.#rivals.map((rival) => rival?.save() ?? null),
      ...{ inbox: this.#inbox.save(), board: this.#board.save(), counts: { ...this.counts } },
    };
  }

  /** @throws PilotfishError `DAMAGED` and others for what `save` did not write. */
  static restore(settings: EngineSettings, saved: SavedEngine): PipelineEngine {
    const learner = openLearner(Buffer.from(saved.championLearner, 'base64'));
    const engine = new PipelineEngine(settings, { key: saved.champion, learner });
    for (const [place, rival] of saved.rivals.entries()) {
      engine.#rivals[place] = rival === null ? undefined : Rival.restore(rival);
    }
    engine.#inbox.load(saved.inbox);
    engine.#board.load(saved.board);
    Object.assign(engine.counts, saved.counts);
    return engine;
  }
}
