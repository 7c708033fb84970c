import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridSampler } from './grid.ts';
import { History, maxGood } from './history.ts';
import { Mixture } from './mixture.ts';
import { type Observation, RandomSampler, trialRng } from './sampler.ts';
import { axesOf, decode, encode, type SearchSpace } from './space.ts';
import { TpeSampler } from './tpe.ts';

const space: SearchSpace = {
  rate: ['float', 1e-5, 1e-1, true],
  batch: ['int', 1, 6],
  kind: ['categorical', ['a', 'b', 'c']],
  share: ['float', -1, 1],
};

const complete = (coordinates: Float64Array, value: number): Observation => ({
  coordinates,
  value,
  step: Infinity,
});

test('the random sampler is even over values, choices and exponents', () => {
  const axes = axesOf(space);
  const sampler = new RandomSampler(axes, 5);
  const counts = new Map<unknown, number>();
  let low = 0;
  for (let trial = 0; trial < 6000; trial += 1) {
    const values = decode(axes, sampler.propose(trial));
    for (const key of [values['batch'], values['kind']]) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (Number(values['rate']) < 1e-3) low += 1;
  }
  for (let batch = 1; batch <= 6; batch += 1) assert.ok(Math.abs((counts.get(batch) ?? 0) - 1000) < 120);
  for (const kind of ['a', 'b', 'c']) assert.ok(Math.abs((counts.get(kind) ?? 0) - 2000) < 150);
  assert.ok(Math.abs(low - 3000) < 160, `${low}`);
});

test('a grid that is too large is refused before its levels are made', () => {
  const wide = Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`p${i}`, ['float', 0, 1]] as const));
  assert.throws(() => new GridSampler(axesOf(wide), 1e9, 0), { code: 'LIMIT' });
});

test('a grid visits every point once, ends included, and says when it is exhausted', () => {
  const axes = axesOf(space);
  const sampler = new GridSampler(axes, 5, 7);
  const seen = new Set<string>();
  const [size, values] = [5 * 5 * 3 * 5, [] as unknown[]];
  for (let trial = 0; trial < size; trial += 1) {
    const point = decode(axes, sampler.propose(trial));
    seen.add(JSON.stringify(point));
    values.push(point['share'], point['rate']);
  }
  assert.equal(seen.size, size);
  for (const end of [-1, 1, 1e-5, 1e-1]) assert.ok(values.includes(end), `${end}`);
  assert.throws(() => sampler.propose(size), { code: 'EMPTY' });
  const all = new GridSampler(axesOf({ batch: ['int', 3, 6] }), 10, 0);
  const batches = [0, 1, 2, 3].map(
    (trial) => decode(axesOf({ batch: ['int', 3, 6] }), all.propose(trial))['batch'],
  );
  assert.deepEqual(batches.toSorted(), [3, 4, 5, 6]);
  const wide = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x${i}`, ['float', 0, 1]] as const));
  assert.throws(() => new GridSampler(axesOf(wide), 5, 0), { code: 'LIMIT' });
});

test('the history keeps the best, the latest and a thinned past, however many there were', () => {
  const history = new History();
  const values = Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 20_011);
  for (const value of values) history.add(complete(Float64Array.of(value), value));
  const { good, rest } = history.split(20);
  assert.deepEqual(
    good.map((entry) => entry.value),
    values.toSorted((a, b) => a - b).slice(0, 20),
  );
  assert.ok(rest.length > 100 && rest.length <= 64 + 64 + maxGood, `${rest.length}`);
  const kept = new Set(rest.map((entry) => entry.value));
  for (const value of values.slice(-40))
    assert.ok(kept.has(value) || good.some((entry) => entry.value === value));
  assert.ok(rest.some((entry) => values.indexOf(entry.value) < 1000));
  assert.equal(new Set([...good, ...rest]).size, good.length + rest.length);
});

test('complete trials are better than pruned ones, and those better that got farther', () => {
  const history = new History();
  const point = Float64Array.of(0);
  history.add({ coordinates: point, value: -5, step: 3 });
  history.add(complete(point, 100));
  history.add({ coordinates: point, value: 7, step: 9 });
  history.add({ coordinates: point, value: -6, step: 3 });
  const { good } = history.split(4);
  assert.deepEqual(
    good.map((entry) => entry.value),
    [100, 7, -6, -5],
  );
});

test('a mixture is a density: it integrates to one, and its draws follow it', () => {
  const axes = axesOf({ x: ['float', 0, 1], k: ['categorical', ['a', 'b', 'c']] });
  const points = [Float64Array.of(0.1, 0), Float64Array.of(0.2, 1), Float64Array.of(0.9, 0)];
  const mixture = new Mixture(axes, points, { weights: Float64Array.of(1, 2, 0.5), narrowest: 0.05 });
  const cells = 2000;
  const share = new Float64Array(3);
  let [total, left] = [0, 0];
  for (let k = 0; k < 3; k += 1) {
    for (let i = 0; i < cells; i += 1) {
      const x = (i + 0.5) / cells;
      const mass = Math.exp(mixture.logDensity(Float64Array.of(x, k))) / cells;
      total += mass;
      share[k] = (share[k] as number) + mass;
      if (x < 0.3) left += mass;
    }
  }
  assert.ok(Math.abs(total - 1) < 1e-4, `${total}`);
  const [rng, drawn, into] = [trialRng(1, 1), new Float64Array(3), new Float64Array(2)];
  let drawnLeft = 0;
  for (let i = 0; i < 20_000; i += 1) {
    mixture.draw(rng, into);
    const k = into[1] as number;
    drawn[k] = (drawn[k] as number) + 1 / 20_000;
    if ((into[0] as number) < 0.3) drawnLeft += 1 / 20_000;
  }
  assert.ok(Math.abs(left - drawnLeft) < 0.015, `${left}, ${drawnLeft}`);
  for (let k = 0; k < 3; k += 1) assert.ok(Math.abs((share[k] as number) - (drawn[k] as number)) < 0.015);
});

test('the estimator goes where values are low, on every kind of parameter', () => {
  const axes = axesOf(space);
  const sampler = new TpeSampler(axes, 10, 3);
  let [near, best] = [0, Infinity];
  for (let trial = 0; trial < 150; trial += 1) {
    const values = decode(axes, sampler.propose(trial, []));
    const { rate, batch, kind, share } = values as {
      rate: number;
      batch: number;
      kind: string;
      share: number;
    };
    const value =
      (Math.log10(rate) + 3) ** 2 + (batch - 4) ** 2 + (kind === 'b' ? 0 : 1) + (share - 0.5) ** 2;
    sampler.observe(complete(encode(axes, values), value));
    best = Math.min(best, value);
    if (trial >= 110 && batch === 4 && kind === 'b' && Math.abs(Math.log10(rate) + 3) < 0.5) near += 1;
  }
  // By chance one in seventy would be; the rest of the trials still look elsewhere.
  assert.ok(near > 12 && near < 35, `${near} of 40`);
  assert.ok(best < 0.005, `${best}`);
});

test('workers that ask at the same time are spread', () => {
  const axes = axesOf({ x: ['float', 0, 1], y: ['float', 0, 1] });
  const spread = [0, 1].map((aware) => {
    const sampler = new TpeSampler(axes, 10, 3);
    for (let trial = 0; trial < 40; trial += 1) {
      const point = sampler.propose(trial, []);
      sampler.observe(complete(point, (Number(point[0]) - 0.5) ** 2 + (Number(point[1]) - 0.5) ** 2));
    }
    const pending: Float64Array[] = [];
    for (let trial = 40; trial < 56; trial += 1) pending.push(sampler.propose(trial, aware ? pending : []));
    let distances = 0;
    for (const a of pending) {
      for (const b of pending)
        distances += Math.hypot(Number(a[0]) - Number(b[0]), Number(a[1]) - Number(b[1]));
    }
    return distances;
  });
  assert.ok((spread[1] as number) > 1.2 * (spread[0] as number), `${spread}`);
});

test('many parameters neither overflow nor stall', () => {
  const wide = Object.fromEntries(
    Array.from({ length: 256 }, (_, i) => [
      `x${i}`,
      i % 2 === 0 ? ['float', 0, 1] : ['categorical', Array.from({ length: 40 }, (_, c) => c)],
    ]),
  ) as unknown as SearchSpace;
  const axes = axesOf(wide);
  const sampler = new TpeSampler(axes, 5, 1);
  const points = new Set<string>();
  for (let trial = 0; trial < 30; trial += 1) {
    const point = sampler.propose(trial, []);
    assert.ok(point.every(Number.isFinite));
    points.add(point.join());
    sampler.observe(complete(point, Number(point[0])));
  }
  assert.equal(points.size, 30);
});
