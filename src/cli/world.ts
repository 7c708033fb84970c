import type { Log } from '../base/index.ts';
import type { RepositoryPorts } from '../blocks/index.ts';
import type {
  AlertPolicy,
  DriftPolicy,
  RegistryChange,
  RegistryDirectory,
  Strategy,
} from '../lifecycle/index.ts';

/** What the environment says, read in one place by `app/config.ts`. */
export interface Settings {
  /** Repository to use when `--repo` is not given. */
  readonly repository: string | undefined;
  /** Password of an encrypted repository; reads the password file when that is where it is. Throws UNREADABLE. */
  readonly password: () => string | undefined;
  /** The password that is to be set, by `key`. Throws UNREADABLE. */
  readonly newPassword: () => string | undefined;
  /** Password of the repository that is copied to. Throws UNREADABLE. */
  readonly targetPassword: () => string | undefined;
  /** Where the caches of this machine lie. */
  readonly cacheDirectory: string;
  /** Where the models of the rooms lie, one folder a room. */
  readonly modelsDirectory: string;
  /** Whether the environment names them. */
  readonly namesModels?: boolean;
  /** Where `pack` records telemetry; undefined: nowhere. */
  readonly telemetry: string | undefined;
  /** The registry that says which models advise `pack`; undefined: those of `modelsDirectory` do. */
  readonly registry?: string | undefined;
  /** Where the artefacts of a registry lie; undefined: in its data directory. */
  readonly modelStorage?: string | undefined;
  /** The key the artefacts of a registry are sealed with, if they are. Throws USAGE, UNREADABLE. */
  readonly artefactKey?: () => Uint8Array | undefined;
  /** What opens the MLflow server that models are exported to. Throws UNREADABLE. */
  readonly mlflow?: () => {
    readonly token: string | undefined;
    readonly username: string | undefined;
    readonly password: string | undefined;
  };
  /** What A/B tests have that do not say. Throws USAGE. */
  readonly abDefaults?: () => { readonly minimumSamples: number; readonly stickyAssignment: boolean };
  /** How drift is looked for. Throws USAGE. */
  readonly driftDefaults?: () => {
    readonly threshold: number;
    readonly windowSize: number;
    readonly checkIntervalMs: number;
    readonly policy: DriftPolicy;
  };
  /** What pipelines have that do not say. Throws USAGE. */
  readonly onlineDefaults?: () => {
    readonly strategy: Strategy | undefined;
    readonly batchSize: number;
    readonly maxBufferSize: number;
  };
  /** A key to the server that is an admin's; undefined: only its API keys count. Throws UNREADABLE. */
  readonly serverToken?: () => string | undefined;
  /** Show stacks of errors and debug lines of the log. */
  readonly isDebug: boolean;
}

/** What a command may choose about the parts it runs on. */
export interface PortChoices {
  readonly log: Log;
  /** Most encode threads; undefined = what suits the machine. */
  readonly threads?: number | undefined;
}

/** What may change while a server runs. */
export interface ServerTuning {
  readonly requestsPerSecond: number | undefined;
  readonly logsRequests: boolean;
  readonly allowsPrivateWebhooks: boolean;
  readonly isDebug: boolean;
  /** What follows which alert; undefined: what follows unless it is said. */
  readonly alertPolicy: AlertPolicy | undefined;
}

/** How a server is to run. */
export interface ServerChoices extends ServerTuning {
  readonly data: string;
  readonly host?: string;
  readonly port: number;
  /** Where gRPC is answered as well. */
  readonly grpcPort: number | undefined;
  readonly isInsecure: boolean;
  readonly modelsDirectory: string;
  /** Takes the lines of its log. */
  readonly writeLog: (text: string) => void;
}

/** A server that answers. */
export interface RunningServer {
  readonly url: string;
  /** Host and port of gRPC, if that is answered. */
  readonly grpc: string | undefined;
  /** Names of the models it serves. */
  readonly models: readonly string[];
  /** How many names are registered, served or not. */
  readonly registered: number;
  readonly log: Log;
  tune(tuning: ServerTuning): void;
  close(): Promise<void>;
}

/** A key to a server, without what opens it. */
export interface KeyShown {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly models: readonly string[] | undefined;
  readonly createdMs: number;
}

/** The keys of a registry. */
export interface KeyKeeper {
  list(): readonly KeyShown[];
  /** Answers with the key itself, this once. Throws USAGE, LIMIT. */
  create(
    draft: { readonly name: string; readonly role: string; readonly models: readonly string[] | undefined },
    change: RegistryChange,
  ): Promise<{ readonly id: string; readonly key: string }>;
  /** Throws MISSING. */
  revoke(id: string, change: RegistryChange): Promise<void>;
}

/** The server, whose packages only those have who serve: its calls throw UNSUPPORTED without them. */
export interface ServerProgram {
  start(choices: ServerChoices, ports: RepositoryPorts): Promise<RunningServer>;
  openKeys(directory: RegistryDirectory, ports: RepositoryPorts): Promise<KeyKeeper>;
}

/** What the process has used since it started. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

/** A stream of the process as far as commands need it. */
export type Stream = NodeJS.WriteStream;

/** The world a command line runs in; `app/main.ts` gives the real one. */
export interface World {
  readonly settings: Settings;
  readonly ports: (choices: PortChoices) => RepositoryPorts;
  /** Absent in a world without one. */
  readonly server?: ServerProgram;
  readonly usage: () => Usage;
  /** Bytes a user may still write on the device of a path; absent where nobody can tell. */
  readonly bytesLeft?: (path: string) => number;
  /** Has SIGHUP call the listener, in place of ending the command; returns what undoes it. */
  readonly onHangup?: (listener: () => void) => () => void;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly version: string;
}
