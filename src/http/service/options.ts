import type { Clock, FileSystem, RandomSource } from '../../base/index.ts';
import type { AlertPolicy, OnlineLearnerOptions } from '../../lifecycle/index.ts';
import type { Tuning } from '../frame/tuning.ts';
import type { DriftDefaults } from './drift.ts';

/** What is listened on unless it is said. */
export const LOOPBACK = '127.0.0.1';

/** What may change while it runs. */
export type ServerTuning = Tuning & {
  /** Webhooks may go to addresses within the house, and without TLS. */
  readonly allowsPrivateWebhooks?: boolean;
  readonly isDebug?: boolean;
  /** What follows which alert. `DEFAULT_ALERT_POLICY`. */
  readonly alertPolicy?: AlertPolicy | undefined;
};

export type ServerOptions = ServerTuning & {
  /** The data directory; made if need be. */
  readonly data: string;
  /** What to listen on. `127.0.0.1`. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port?: number;
  /** Where gRPC is answered as well; undefined: nowhere. 0: any that is free. */
  readonly grpcPort?: number | undefined;
  /** Answers other machines without a key. */
  readonly isInsecure?: boolean;
  /** A folder of models that are registered at the start. */
  readonly modelsDirectory?: string | undefined;
  /** A key of the operator's own: an admin. */
  readonly token?: string | undefined;
  readonly storageDir?: string | undefined;
  readonly encryptionKey?: Uint8Array | undefined;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** What A/B tests have that do not say. */
  readonly abDefaults?: { readonly minimumSamples: number; readonly stickyAssignment: boolean };
  /** What pipelines have that do not say. */
  readonly onlineDefaults?: Pick<OnlineLearnerOptions, 'strategy' | 'batchSize' | 'maxBufferSize'>;
  /** How drift is looked for, and what follows. */
  readonly driftDefaults?: Partial<DriftDefaults>;
  /** Takes the lines of the log. */
  readonly writeLog: (text: string) => void;
  readonly version: string;
};
