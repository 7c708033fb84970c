import type { HiddenActivation, OutputActivation } from '../mlp.ts';
import type { DenseLayer } from '../panels.ts';
import { sigmoid, softmax, tanh } from './activations.ts';
import { dense } from './dense.ts';

/** Unlike the larger of `value` and 0 it keeps -0, as the kernel does. */
function relu(value: number): number {
  if (value < 0) return 0;
  return value;
}

const HIDDEN = { relu, tanh, sigmoid };

/** The twin of `MlpKernel.run`. */
export function runMlp(
  layers: readonly DenseLayer[],
  { hidden, output }: { hidden: HiddenActivation; output: OutputActivation },
  input: Float32Array,
): Float32Array {
  const [last, below] = [layers.at(-1) as DenseLayer, layers.slice(0, -1)];
  const top = below.reduce((x, layer) => dense(x, layer).map(HIDDEN[hidden]), input);
  const logits = dense(top, last);
  if (output === 'softmax') return softmax(logits);
  return output === 'sigmoid' ? logits.map(sigmoid) : logits;
}
