import { parentPort, workerData } from 'node:worker_threads';
import { errnoOf, must, PilotfishError } from '../../../base/index.ts';
import type { OnnxQuestion, OnnxReply } from './onnx-runner.ts';

/** The part of onnxruntime-node that is used. */
type Tensor = {
  readonly data: ArrayLike<number | bigint>;
  readonly dims: readonly number[];
  readonly type: string;
};
type ValueMetadata = {
  readonly name: string;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
};
type Session = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata?: readonly ValueMetadata[];
  readonly outputMetadata?: readonly ValueMetadata[];
  run(
    feeds: Readonly<Record<string, unknown>>,
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, Tensor>>>;
};
type Runtime = {
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<Session>;
  };
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => unknown;
};

const port = must(parentPort, 'the ONNX worker runs in a worker thread');
const tell = (reply: OnnxReply): void => port.postMessage(reply);
const { module, model } = workerData as { module: string; model: Uint8Array };
// What the runtime prints is no output of ours.
for (const stream of [process.stdout, process.stderr]) stream.write = () => true;

try {
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  serve(runtime, session);
} catch (error) {
  const code = errnoOf(error);
  const isAbsent = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  tell({ kind: 'failed', isAbsent, text: textOf(error) });
}

async function loadRuntime(): Promise<Runtime> {
  const loaded = (await import(module)) as { default?: Runtime } & Runtime;
  return loaded.InferenceSession === undefined && loaded.default !== undefined ? loaded.default : loaded;
}

function serve({ Tensor }: Runtime, session: Session): void {
  const input = must(session.inputNames[0], 'an ONNX model has an input');
  const output = outputOf(session);
  const columns = session.inputMetadata?.[0]?.shape?.at(-1);
  // Asked one at a time, so answers come in order.
  port.on('message', ({ id, rows, columns: wide, x }: OnnxQuestion) => {
    session
      .run({ [input]: new Tensor('float32', x, [rows, wide]) }, [output])
      .then((answers) => {
        const { data } = must(answers[output], 'a session answers what it was asked for');
        tell({ kind: 'answer', id, values: Float64Array.from(data as ArrayLike<number>, Number) });
      })
      .catch((error: unknown) => tell({ kind: 'threw', id, text: textOf(error) }));
  });
  tell({ kind: 'ready', inputs: typeof columns === 'number' && columns > 0 ? columns : null });
}

/** The last output of floats, such as the probabilities behind the label of a classifier; otherwise the first. */
function outputOf({ outputNames, outputMetadata = [] }: Session): string {
  const floats = outputMetadata.filter(
    ({ type }) => type === 'float32' || type === 'float64' || type === 'double',
  );
  const name = floats.at(-1)?.name ?? outputNames[0];
  if (name === undefined)
    throw new PilotfishError('UNSUPPORTED', 'the ONNX model has no output; export it anew');
  return name;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
