// Models of which the answer is known beforehand, and a source that holds them.
import { sha256Hex } from '../../../base/index.ts';
import { featureSchemaOf, type ModelDraft } from '../../../decisions/index.ts';
import {
  BoostedTrees,
  encodeSnapshot,
  encodeXgboostJson,
  type Learner,
  type TreeModel,
} from '../../../learn/index.ts';
import { type ModelSource, ONNX_FILE, type SourcedModel, XGBOOST_FILE } from '../sources/source.ts';

const leaf = {
  left: Int32Array.of(-1),
  right: Int32Array.of(-1),
  feature: new Int32Array(1),
  threshold: new Float32Array(1),
  defaultLeft: new Uint8Array(1),
  gain: new Float32Array(1),
  cover: Float32Array.of(1),
};

/** Trees of two features that always answer `value`, a float32. */
export const constantTrees = (value: number): TreeModel => ({
  objective: 'reg:squarederror',
  features: 2,
  outputs: 1,
  baseScore: 0,
  trees: [{ ...leaf, value: Float32Array.of(value) }],
});

export const constantLearner = (value: number): BoostedTrees => BoostedTrees.fromModel(constantTrees(value));

export function sourced(files: Readonly<Record<string, Uint8Array>>): SourcedModel {
  const entries = Object.entries(files);
  const digest = sha256Hex(Buffer.concat(entries.flatMap(([name, content]) => [Buffer.from(name), content])));
  return { files: new Map(entries), manifest: null, digest };
}

/** A model in XGBoost's form that always answers `value`. */
export const constantModel = (
  value: number,
  files: Readonly<Record<string, Uint8Array>> = {},
): SourcedModel => sourced({ [XGBOOST_FILE]: encodeXgboostJson(constantTrees(value)), ...files });

/** A model for a stub of the ONNX runtime, which takes the text as its program. */
export const onnxModel = (text: string, files: Readonly<Record<string, Uint8Array>> = {}): SourcedModel =>
  sourced({ [ONNX_FILE]: Buffer.from(text), ...files });

/** What an artefact of a learner is saved from. */
export function draftOf(learner: Learner, { version = '1', room = 'threats' } = {}): ModelDraft {
  return {
    manifest: {
      ...{ room, name: room, version, family: learner.kind, topology: [], date: '2026-01-02', device: 'cpu' },
      featureSchema: featureSchemaOf([]),
      lineage: {
        ...{ sets: [], tableSha256: '0'.repeat(64), seed: 1, command: 'train', synthetic: true },
        ...{ testEvaluations: 0, sealedGroups: 0 },
      },
      ...{ metrics: {}, privacy: null },
    },
    files: new Map([['model.safetensors', encodeSnapshot(learner.snapshot())]]),
  };
}

type Opened = SourcedModel | Promise<SourcedModel> | Error;

/** Models by name and version; versions are listed in the order in which they were put. */
export class MemorySource implements ModelSource {
  readonly models = new Map<string, Map<string, Opened>>();
  /** Every `NAME VERSION` that was opened. */
  readonly opened: string[] = [];
  /** What is to answer, by name. */
  readonly chosen = new Map<string, string>();
  #changed: (name: string) => void = () => {};

  put(name: string, version: string, model: Opened): this {
    const versions = this.models.get(name) ?? new Map<string, Opened>();
    this.models.set(name, versions.set(version, model));
    return this;
  }

  /** Tells whoever watches. */
  tell(name: string): void {
    this.#changed(name);
  }

  names(): string[] {
    return [...this.models.keys()];
  }

  versions(name: string): string[] {
    return [...(this.models.get(name)?.keys() ?? [])];
  }

  current(name: string): string | undefined {
    return this.chosen.get(name);
  }

  open(name: string, version: string): SourcedModel | Promise<SourcedModel> {
    this.opened.push(`${name} ${version}`);
    const found = this.models.get(name)?.get(version);
    if (found === undefined || found instanceof Error) throw found ?? new Error('not there');
    return found;
  }

  watch(changed: (name: string) => void): () => void {
    this.#changed = changed;
    return () => {
      this.#changed = () => {};
    };
  }
}

/** A model that comes when it is told to. */
export function late(model: SourcedModel): {
  readonly promise: Promise<SourcedModel>;
  readonly come: () => void;
} {
  const { promise, resolve } = Promise.withResolvers<SourcedModel>();
  return { promise, come: () => resolve(model) };
}
