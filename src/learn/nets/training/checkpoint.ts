import { FastRng, PilotfishError } from '../../../base/index.ts';
import { checkSnapshot, type Snapshot, takeTensor } from '../../contract/index.ts';
import { takeFloats } from '../network.ts';
import { ConfigReader } from '../reading.ts';
import type { EpochReport } from './options.ts';
import type { ScheduleState } from './schedule.ts';

const VERSION = 1;

/** The best epoch so far, and how many followed it. */
export type Best = {
  readonly epoch: number;
  readonly loss: number;
  readonly values: Float32Array;
  readonly statistics: Float32Array;
};

/** All that a training needs to go on. */
export type Progress = {
  readonly steps: number;
  readonly rng: FastRng;
  readonly augmentRng: FastRng;
  readonly schedule: ScheduleState;
  readonly reports: readonly EpochReport[];
  /** Null before the first held-out loss. */
  readonly best: Best | null;
  readonly values: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly statistics: Float32Array;
  readonly generators: Int32Array;
};

/** What the training at hand looks like: a snapshot of another is refused. */
export type Identity = {
  readonly kind: string;
  /** The plan and the topology, as text. */
  readonly plan: string;
  readonly rows: number;
  readonly parameters: number;
  readonly statistics: number;
  readonly generators: number;
};

export function writeTraining(identity: Identity, progress: Progress): Snapshot {
  const { best, schedule, reports } = progress;
  const tensor = <Data extends Float32Array | Int32Array>(data: Data) => ({ shape: [data.length], data });
  return {
    kind: identity.kind,
    version: VERSION,
    config: {
      plan: identity.plan,
      rows: identity.rows,
      steps: progress.steps,
      rng: progress.rng.state,
      augmentRng: progress.augmentRng.state,
      schedule: { ...schedule },
      reports: reports.map((report) => ({ ...report })),
      best: best === null ? null : { epoch: best.epoch, loss: best.loss },
    },
    tensors: {
      values: tensor(progress.values),
      first: tensor(progress.first),
      second: tensor(progress.second),
      statistics: tensor(progress.statistics),
      generators: tensor(progress.generators),
      ...(best === null
        ? {}
        : { 'best.values': tensor(best.values), 'best.statistics': tensor(best.statistics) }),
    },
  };
}

/**
 * Inverse of `writeTraining`.
 * @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, or `USAGE` for a snapshot of another training.
 */
export function readTraining(identity: Identity, snapshot: Snapshot): Progress {
  checkSnapshot(snapshot, identity.kind, VERSION);
  const config = new ConfigReader(snapshot.config);
  if (config.text('plan') !== identity.plan || config.count('rows') !== identity.rows) {
    throw new PilotfishError(
      'USAGE',
      'the snapshot is of a training with another net, batch or options; resume with the same ones',
    );
  }
  const floats = (name: string, count: number) => takeFloats(snapshot, name, [count]);
  const weights = (prefix: string) => ({
    values: floats(`${prefix}values`, identity.parameters),
    statistics: floats(`${prefix}statistics`, identity.statistics),
  });
  const best = config.has('best') ? config.record('best') : null;
  const generators = { type: Int32Array, shape: [identity.generators] };
  return {
    ...weights(''),
    steps: config.count('steps'),
    rng: FastRng.restore(config.list('rng') as number[]),
    augmentRng: FastRng.restore(config.list('augmentRng') as number[]),
    schedule: readSchedule(config.record('schedule')),
    reports: config.list('reports').map((report) => readReport(new ConfigReader(report))),
    best: best && { epoch: best.count('epoch'), loss: best.number('loss'), ...weights('best.') },
    first: floats('first', identity.parameters),
    second: floats('second', identity.parameters),
    generators: takeTensor(snapshot, 'generators', generators),
  };
}

function readSchedule(config: ConfigReader): ScheduleState {
  const best = config.has('best') ? config.number('best') : null;
  return { factor: config.number('factor'), best, bad: config.count('bad') };
}

function readReport(config: ConfigReader): EpochReport {
  const validationLoss = config.has('validationLoss') ? config.number('validationLoss') : null;
  const [epoch, trainingLoss] = [config.count('epoch'), config.number('trainingLoss')];
  return { epoch, trainingLoss, validationLoss, rate: config.number('rate') };
}
