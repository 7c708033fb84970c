// A stand-in for the ONNX runtime, as a module of its own: the "model" is a line of JSON.

/** What the stub does with each row: answer its sum, throw below 0, answer NaN at 0, and never answer above 1e6. */
const SOURCE = `
export class Tensor {
  constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }
}
export const InferenceSession = {
  async create(bytes) {
    const text = new TextDecoder().decode(bytes);
    if (text === 'broken') throw new Error('not a protobuf');
    if (text === 'silent') await new Promise(() => {});
    if (text === 'exits') process.exit(3);
    const { inputs, ints = false } = JSON.parse(text);
    console.log('what a runtime prints is not ours');
    return {
      inputNames: ['x'],
      outputNames: ints ? ['score', 'label'] : ['label', 'score'],
      inputMetadata: [{ name: 'x', type: 'float32', shape: ['N', inputs ?? 'C'] }],
      outputMetadata: ints ? [] : [{ name: 'label', type: 'int64' }, { name: 'score', type: 'float32' }],
      async run({ x }, fetches) {
        if (fetches.join() !== 'score') throw new Error('the label is not what is wanted');
        const [rows, columns] = x.dims;
        const sums = Array.from({ length: rows }, (_, row) =>
          x.data.subarray(row * columns, (row + 1) * columns).reduce((sum, value) => sum + value, 0));
        if (sums.some((sum) => sum < 0)) throw new Error('negative');
        while (sums.some((sum) => sum > 1e6));
        const data = ints ? BigInt64Array.from(sums, BigInt) : Float32Array.from(sums, (sum) => sum || NaN);
        return { [fetches[0]]: { type: 'float32', dims: [rows, 1], data } };
      },
    };
  },
};
`;

export const STUB_RUNTIME = `data:text/javascript,${encodeURIComponent(SOURCE)}`;
