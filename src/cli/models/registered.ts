import { resolve } from 'node:path';
import { type Clock, PilotfishError } from '../../base/index.ts';
import type { BaseQuestion, CodecQuestion } from '../../blocks/index.ts';
import type {
  BaseSettlement,
  CodecSettlement,
  CodecValue,
  Guard,
  GuardOptions,
  ModelArtefact,
  OnStored,
  Receipt,
  Room,
  RoomModel,
} from '../../decisions/index.ts';
import type {
  LiveRollout,
  RegistryDirectory,
  RegistrySource,
  RolloutManager,
  RolloutStatus,
  RoomRollout,
  RoomRolloutOptions,
} from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { codedError } from '../exit.ts';
import { safeText } from '../text.ts';
import { type FedRoom, type RolloutAdvice, StepCounts } from './step-counts.ts';

/** A room, and how a model of it is opened to serve here, if not as the room does it. */
type Openable<Question, Value> = {
  readonly room: Room<Question, Value>;
  readonly open?: (artefact: ModelArtefact) => RoomModel<Question, Value>;
};

/** How a guard is made, whatever serves. */
export type GuardParts<Question, Value, Told extends Receipt> = Openable<Question, Value> &
  Pick<GuardOptions<Question, Value, Told>, 'budgetMs' | 'onReceipt'>;

/** What a rollout observes of a room. */
type Observed<Question, Value, Told extends Receipt> = Pick<
  RoomRolloutOptions<Question, Value, Told>,
  'questions' | 'measures' | 'late'
>;
type Served<Question, Value, Told extends Receipt> = GuardParts<Question, Value, Told> &
  Observed<Question, Value, Told>;

/** What serves a room, and the rollout it feeds, if it does. */
type Serving<Question, Value, Told extends Receipt> = {
  readonly guard: Guard<Question, Value, Told>;
  readonly room?: RoomRollout<Question, Value, Told>;
  readonly lifecycle?: Opened['lifecycle'];
};

/** Who chooses bases, and who is told what blocks took. */
type ServedBases = {
  readonly guard: Guard<BaseQuestion, number, BaseSettlement>;
  readonly onStored?: OnStored;
};

/** A registry that is open, and what works on it. */
type Opened = {
  readonly lifecycle: typeof import('../../lifecycle/index.ts');
  readonly directory: RegistryDirectory;
  readonly rollouts: RolloutManager;
  readonly source: RegistrySource;
};

/** A room that feeds its rollout from this process. */
type Fed = { readonly live: LiveRollout; readonly room: FedRoom; readonly counts: StepCounts };

/** Who stands in the audit log for what `pack` observed. */
const PACKER = { actor: 'pilotfish pack', reason: 'decisions of a pack' };
/** What the rooms of the store observe. */
const METRIC = 'cost';
const REGION = 'default';
/** Who packs does not wait long for advice. */
const LOCK_WAIT_MS = 500;

/**
 * The rooms of the store as a registry has them: the model of a rollout under way gets the share of its step, else the one
 * in production serves, else the rule. Whatever is wrong with the registry is a warning, and the rule serves.
 */
export class RegisteredRooms {
  readonly #context: Context;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #fed: Fed[] = [];
  readonly #opened: Opened | undefined;
  #ending: Promise<void> | undefined;

  private constructor(context: Context, path: string, opened?: Opened) {
    this.#context = context;
    this.#opened = opened;
    this.#path = path;
    this.#clock = context.ports().clock;
  }

  /** Opens the registry in a directory. Never rejects. */
  static async open(context: Context, directory: string): Promise<RegisteredRooms> {
    const path = resolve(directory);
    try {
      return new RegisteredRooms(context, path, await openAll(context, path));
    } catch (error) {
      const rooms = new RegisteredRooms(context, path);
      rooms.#warn('the rules answer instead', error);
      return rooms;
    }
  }

  /** With no registry: the rules answer. */
  static none(context: Context): RegisteredRooms {
    return new RegisteredRooms(context, '');
  }

  /** The guard of the room of codecs. */
  async codec(
    parts: GuardParts<CodecQuestion, CodecValue, CodecSettlement>,
  ): Promise<Guard<CodecQuestion, CodecValue, CodecSettlement>> {
    const { guard } = await this.#servingOf(parts, ({ codecCost, codecQuestions }) => ({
      questions: codecQuestions,
      measures: { [METRIC]: codecCost },
    }));
    return guard;
  }

  /** The guard of the room of bases. */
  async similar(parts: GuardParts<BaseQuestion, number, BaseSettlement>): Promise<ServedBases> {
    const { guard, room, lifecycle } = await this.#servingOf(parts, ({ baseLine, baseQuestions }) => ({
      ...{ questions: baseQuestions, measures: {} },
      late: { metric: METRIC, line: baseLine },
    }));
    if (room === undefined || lifecycle === undefined) return { guard };
    const { baseCost } = lifecycle;
    return { guard, onStored: (stored, decisionId) => room.settleLate(decisionId, baseCost(stored)) };
  }

  /** Under which rollouts and steps decisions were made, one entry a rollout. */
  report(): { readonly rollouts: readonly RolloutAdvice[] } {
    const rollouts = this.#fed.map(({ live: { rollout }, counts }) => ({
      ...counts.report(),
      ...{ phase: rollout.phase, reason: rollout.reason },
    }));
    return { rollouts };
  }

  /** Keeps what was observed and lets go of the registry; again: nothing. Never rejects. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    for (const { room, counts, live } of this.#fed) {
      try {
        room.stop();
        counts.end();
        await live.release();
      } catch (error) {
        this.#warn('what was observed since it was kept last is lost; the pack is whole', error);
      }
    }
    await this.#opened?.directory.close().catch((error: unknown) => this.#warn('the pack is whole', error));
  }

  async #servingOf<Question, Value, Told extends Receipt>(
    parts: GuardParts<Question, Value, Told>,
    observed: (lifecycle: Opened['lifecycle']) => Observed<Question, Value, Told>,
  ): Promise<Serving<Question, Value, Told>> {
    const opened = this.#opened;
    try {
      if (opened !== undefined)
        return await this.#registered({ ...parts, ...observed(opened.lifecycle) }, opened);
    } catch (error) {
      this.#warn(`the rule of the room ${parts.room.name} answers instead`, error);
    }
    return this.#plain(parts);
  }

  async #registered<Question, Value, Told extends Receipt>(
    served: Served<Question, Value, Told>,
    opened: Opened,
  ): Promise<Serving<Question, Value, Told>> {
    const { lifecycle, rollouts, source } = opened;
    const { name } = served.room;
    const all = await rollouts.list({ model: name });
    const [newest] = all;
    // Who fed it was killed, perhaps before the registry heard how it ended.
    if (newest?.isAttached === true && lifecycle.isRolloutEnded(newest.phase))
      await (await rollouts.attach(newest.id, PACKER)).release();
    await source.look();
    // No other begins while one is under way.
    if (newest !== undefined && !lifecycle.isRolloutEnded(newest.phase))
      return this.#rolledOut(served, newest, opened);
    const version = source.current(name);
    if (version === undefined) return this.#plain(served);
    const watched = all.find((each) => String(each.version) === version);
    if (watched?.phase === 'succeeded') return this.#rolledOut(served, watched, opened);
    const { guard } = await this.#plain(served);
    guard.install(await modelOf(source, served, version));
    return { guard };
  }

  async #plain<Question, Value, Told extends Receipt>(
    parts: GuardParts<Question, Value, Told>,
  ): Promise<Serving<Question, Value, Told>> {
    const { Guard } = await import('../../decisions/index.ts');
    return { guard: new Guard({ ...parts, clock: this.#clock }) };
  }

  /** Everything that may be wrong is looked at before the rollout is taken over from whoever feeds it. */
  async #rolledOut<Question, Value, Told extends Receipt>(
    served: Served<Question, Value, Told>,
    status: RolloutStatus,
    opened: Opened,
  ): Promise<Serving<Question, Value, Told>> {
    const { lifecycle, rollouts, source } = opened;
    const region = regionOf(status);
    const model = await modelOf(source, served, String(status.version));
    const champion = await this.#championOf(served, status, source);
    const live = await rollouts.attach(status.id, PACKER);
    try {
      await live.advance();
      const room = new lifecycle.RoomRollout<Question, Value, Told>(live, {
        ...served,
        ...{ model, region, clock: this.#clock },
        ...(champion === undefined ? {} : { champion }),
      });
      room.start();
      live.start();
      this.#fed.push({ live, room, counts: new StepCounts(status, { live, region, room }) });
      return { guard: room.guard, room, lifecycle };
    } catch (error) {
      await live.release().catch(() => undefined);
      throw error;
    }
  }

  /** The version in production, where another is on its way; undefined when there is none that can be used. */
  async #championOf<Question, Value>(
    served: Openable<Question, Value>,
    { version }: RolloutStatus,
    source: RegistrySource,
  ): Promise<RoomModel<Question, Value> | undefined> {
    const { name } = served.room;
    const current = source.current(name);
    if (current === undefined || current === String(version)) return undefined;
    try {
      return await modelOf(source, served, current);
    } catch (error) {
      this.#warn(`the rule of the room ${name} decides beside version ${version}`, error);
      return undefined;
    }
  }

  #warn(consequence: string, error: unknown): void {
    const { code, message } = codedError(error);
    const about = message.includes(this.#path) ? 'registry' : this.#path;
    this.#context.warn({ path: about, code, message: `${message}; ${consequence}` });
  }
}

/** The region of this machine: the only one, or `default`. @throws PilotfishError `UNSUPPORTED`. */
function regionOf({ id, tracks }: RolloutStatus): string {
  const track = tracks.length === 1 ? tracks[0] : tracks.find(({ region }) => region === REGION);
  if (track === undefined) {
    const known = tracks.map(({ region }) => safeText(region)).join(', ');
    throw new PilotfishError(
      'UNSUPPORTED',
      `the rollout ${id} has the regions ${known}, and \`pack\` is in the region ${REGION}: add that to its plan`,
    );
  }
  const other = track.guardrails.find(({ metric }) => metric !== METRIC);
  if (other === undefined) return track.region;
  throw new PilotfishError(
    'UNSUPPORTED',
    `the rollout ${id} watches ${safeText(other.metric)}, and \`pack\` learns of the ${METRIC} alone: feed it from a program, or take a plan that watches that`,
  );
}

/** A version of a room's model, verified. @throws PilotfishError as `RegistrySource.open`; `UNSUPPORTED`. */
async function modelOf<Question, Value>(
  source: RegistrySource,
  { room, open = (artefact) => room.open(artefact) }: Openable<Question, Value>,
  version: string,
): Promise<RoomModel<Question, Value>> {
  const { files, manifest } = await source.open(room.name, version);
  if (manifest !== null) return open({ files, manifest });
  throw new PilotfishError(
    'UNSUPPORTED',
    `${room.name}/${version} has no manifest and is no model of a room: register the folder that \`train\` wrote`,
  );
}

async function openAll(context: Context, path: string): Promise<Opened> {
  const lifecycle = await import('../../lifecycle/index.ts');
  const { isRegistry, openRegistry, RegistrySource, RolloutManager } = lifecycle;
  const { fs, clock, random } = context.ports();
  if (!isRegistry(path, fs)) {
    throw new PilotfishError(
      'MISSING',
      `there is no registry in ${safeText(path)}: \`models register\` makes one`,
    );
  }
  const { modelStorage: storageDir, artefactKey } = context.world.settings;
  const directory = openRegistry(path, {
    ...{ fs, clock, random, storageDir, encryptionKey: artefactKey?.() },
    lockWaitMs: LOCK_WAIT_MS,
  });
  try {
    const rollouts = new RolloutManager(directory.state, directory.registry, { clock, random });
    return { lifecycle, directory, rollouts, source: await RegistrySource.open(directory, { clock }) };
  } catch (error) {
    await directory.close();
    throw error;
  }
}
