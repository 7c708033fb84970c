// The output layer over a vocabulary of 10,000: all of it, and 256 candidates; the highest five of them.
import { type DenseLayer, HeadKernel } from '../../../src/learn/kernels/index.ts';
import type { Reference } from '../reference.ts';
import { packDense, randomLayer } from './layers.ts';
import { Draws, type Side, sideOf, type Task } from './task.ts';

const inputs = 64;
const outputs = 10_000;
const top = 5;
const candidates = 256;

interface Head {
  readonly layer: DenseLayer;
  readonly x: Float32Array;
  readonly ids: Int32Array;
}

function makeHead(): { head: Head; kernel: HeadKernel } {
  const draws = new Draws(13);
  const head = {
    layer: randomLayer(draws, inputs, outputs),
    x: draws.normal(inputs),
    ids: draws.below(outputs, candidates),
  };
  const kernel = new HeadKernel({ inputs, outputs, top, maxCandidates: candidates });
  kernel.load(head.layer);
  kernel.input.set(head.x);
  return { head, kernel };
}

function bindFull(reference: Reference, { layer, x }: Head): Side {
  const logits = reference.floats(outputs);
  const ids = reference.ints(top);
  const best = reference.floats(top);
  const weights = reference.floats(packDense(layer, inputs, reference)).offset;
  const from = reference.floats(x).offset;
  const args = [inputs, outputs, from, weights, logits.offset, top, ids.offset, best.offset];
  const bound = reference.bind('headFull', args);
  const answer = (): Float64Array => {
    bound.call();
    return Float64Array.from([...ids.view, ...best.view, ...logits.view]);
  };
  return { loop: (times) => bound.loop(times), answer };
}

/** Output by output, as single ones are wanted. */
const transposed = ({ weights }: DenseLayer): Float32Array =>
  Float32Array.from(
    { length: inputs * outputs },
    (_, i) => weights[(i % inputs) * outputs + Math.floor(i / inputs)] ?? Number.NaN,
  );

function bindCandidates(reference: Reference, { layer, x, ids }: Head): Side {
  const logits = reference.floats(candidates);
  const topIds = reference.ints(top);
  const best = reference.floats(top);
  const tables = [x, transposed(layer), layer.bias].map((values) => reference.floats(values).offset);
  const list = reference.ints(candidates).offset;
  const results = [logits.offset, top, topIds.offset, best.offset];
  const args = [inputs, candidates, ...tables, list, ...results, reference.ints(ids).offset];
  const bound = reference.bind('headCandidates', args);
  const answer = (): Float64Array => {
    bound.call();
    return Float64Array.from([...topIds.view, ...best.view, ...logits.view]);
  };
  return { loop: (times) => bound.loop(times), answer };
}

/** All logits, and the top of them. */
export function fullHeadTask(): Task {
  const { head, kernel } = makeHead();
  const run = (): void => kernel.run();
  const product = sideOf(run, () => {
    run();
    return [...kernel.topIds, ...kernel.topLogits, ...kernel.logits];
  });
  const flop = 2 * inputs * outputs;
  return { name: 'head-10k-top5', flop, product, bind: (reference) => bindFull(reference, head) };
}

/** The logits of a list of candidates, which is copied in, and the top of them. */
export function candidatesTask(): Task {
  const { head, kernel } = makeHead();
  const run = (): void => {
    kernel.candidates.set(head.ids);
    kernel.runCandidates(candidates);
  };
  const product = sideOf(run, () => {
    run();
    return [...kernel.topIds, ...kernel.topLogits, ...kernel.candidateLogits];
  });
  const flop = 2 * inputs * candidates;
  return { name: 'head-256', flop, product, bind: (reference) => bindCandidates(reference, head) };
}
