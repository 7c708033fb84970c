import {
  type Clock,
  type FileSystem,
  type Log,
  MIB,
  NodeFileSystem,
  silentLog,
  systemClock,
} from '../../base/index.ts';
import { numberWithin, wholeNumber } from '../../learn/index.ts';
import type { ModelMonitor } from './monitor/monitor.ts';
import type { BatchOptions } from './runners/batcher.ts';
import type { ModelSource } from './sources/source.ts';
import { checkPolicy, type VersionPolicy } from './version-manager.ts';

/** How models are served. */
export type ModelServerOptions = Partial<BatchOptions> & {
  /** Folder of the models, one folder each. `./models`. */
  readonly modelDir?: string;
  /** Where models come from instead. */
  readonly source?: ModelSource;
  /** Which versions may be asked for. `latest`. */
  readonly policy?: VersionPolicy;
  /** The same for single models. */
  readonly policies?: Readonly<Record<string, VersionPolicy>>;
  /** Bound of all loaded models together, as the bytes of their files. 512 MiB. */
  readonly maxMemoryBytes?: number;
  /** How often the source is looked at for new versions, in milliseconds. Never, unless given or the source tells. */
  readonly refreshMs?: number;
  /** Is told of every answer of `predict`, and of every version that becomes current. */
  readonly monitor?: ModelMonitor;
  /** What runs foreign ONNX models. `onnxruntime-node`, to be installed by whoever wants it. */
  readonly onnxModule?: string;
  /** How long a foreign model may take for a batch, in milliseconds. 1000. */
  readonly onnxBudgetMs?: number;
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  readonly log?: Log;
};

export type ResolvedOptions = {
  readonly modelDir: string;
  readonly policy: VersionPolicy;
  readonly policies: Readonly<Record<string, VersionPolicy>>;
  readonly batch: BatchOptions;
  readonly maxMemoryBytes: number;
  readonly onnx: { readonly module: string; readonly budgetMs: number };
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly log: Log;
};

/** Fills in the defaults. @throws PilotfishError `USAGE` for an option that cannot be. */
export function resolveOptions(options: ModelServerOptions): ResolvedOptions {
  const { maxBatchSize = 32, maxDelayMs = 0, maxQueue = 1024, maxMemoryBytes = 512 * MIB } = options;
  wholeNumber('maxBatchSize', maxBatchSize, [1, 4096]);
  numberWithin('maxDelayMs', maxDelayMs, [0, 60_000]);
  wholeNumber('maxQueue', maxQueue, [1, 1_000_000]);
  wholeNumber('maxMemoryBytes', maxMemoryBytes, [1, Number.MAX_SAFE_INTEGER]);
  const { onnxBudgetMs = 1000, onnxModule = 'onnxruntime-node', refreshMs } = options;
  numberWithin('onnxBudgetMs', onnxBudgetMs, [1, 600_000]);
  if (refreshMs !== undefined) numberWithin('refreshMs', refreshMs, [10, 86_400_000]);
  const { policy = 'latest', policies = {} } = options;
  for (const each of [policy, ...Object.values(policies)]) checkPolicy(each);
  return {
    ...{ modelDir: options.modelDir ?? './models', policy, policies, maxMemoryBytes },
    batch: { maxBatchSize, maxDelayMs, maxQueue },
    onnx: { module: onnxModule, budgetMs: onnxBudgetMs },
    fs: options.fs ?? new NodeFileSystem(),
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLog,
  };
}
