import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { axesOf, type Dimension, decode, encode, type SearchSpace, snap } from './space.ts';

const dimension: fc.Arbitrary<Dimension> = fc.oneof(
  fc
    .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true }))
    .map(([low, size]): Dimension => ['float', low, low + size]),
  fc
    .tuple(fc.double({ min: 1e-12, max: 1, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true }))
    .map(([low, size]): Dimension => ['float', low, low + size, true]),
  fc
    .tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(1e6))
    .map(([low, size]): Dimension => ['int', low, low + size]),
  fc
    .uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), { minLength: 1 })
    .map((choices): Dimension => ['categorical', choices]),
);

test('every coordinate decodes to a value of the space, which encodes back to where it lies', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), dimension, { minKeys: 1 }),
      fc.infiniteStream(unit),
      (space, units) => {
        const axes = axesOf(space);
        const coordinates = Float64Array.from(axes, (axis) => {
          const at = units.next().value;
          return axis.choices > 0
            ? Math.min(axis.choices - 1, Math.floor(at * axis.choices))
            : snap(axis, at);
        });
        const values = decode(axes, coordinates);
        assert.deepEqual(Object.keys(values).sort(), Object.keys(space).sort());
        const back = encode(axes, values);
        assert.deepEqual(decode(axes, encode(axes, JSON.parse(JSON.stringify(values)))), decode(axes, back));
        for (const [i, axis] of axes.entries()) {
          // Where the ends are hardly apart, no double lies near every coordinate.
          const [low, high] = [Number(axis.decode(0)), Number(axis.decode(1))];
          const wide = axis.choices > 0 || high - low > 1e-6 * Math.abs(high);
          if (wide) assert.ok(Math.abs((back[i] as number) - (coordinates[i] as number)) < 1e-6, axis.name);
        }
      },
    ),
  );
});

test('ends are reached, logarithmic ranges are even in the exponent', () => {
  const axes = axesOf({ a: ['float', 1e-4, 1e-2, true], b: ['int', -1, 1], c: ['float', -1e308, 1e308] });
  assert.deepEqual(decode(axes, Float64Array.of(0, 0, 0)), { a: 1e-4, b: -1, c: -1e308 });
  assert.deepEqual(decode(axes, Float64Array.of(1, 1, 1)), { a: 1e-2, b: 1, c: 1e308 });
  const { a, b, c } = decode(axes, Float64Array.of(0.5, 0.5, 0.5));
  assert.ok(Math.abs(Number(a) / 1e-3 - 1) < 1e-12);
  assert.deepEqual([b, c], [0, 0]);
  assert.deepEqual(encode(axes, { a: 1e-2, b: 0, c: 1e308 }), Float64Array.of(1, 0.5, 1));
});

test('ends that are hardly apart are told apart', () => {
  const axes = axesOf({ a: ['float', 1e10, 10000000000.000002, true], b: ['float', 0, 5e-324] });
  for (const [end, [a, b]] of [
    [1e10, 0],
    [10000000000.000002, 5e-324],
  ].entries()) {
    assert.deepEqual(decode(axes, Float64Array.of(end, end)), { a, b });
    assert.deepEqual(encode(axes, { a, b } as never), Float64Array.of(end, end));
  }
});

test('a parameter that cannot vary is the same always', () => {
  const axes = axesOf({ a: ['float', 2, 2], b: ['int', 5, 5], c: ['categorical', ['x']] });
  assert.deepEqual(decode(axes, Float64Array.of(0, 0, 0)), { a: 2, b: 5, c: 'x' });
});

test('a name may be any string', () => {
  const space = JSON.parse('{ "__proto__": ["int", 0, 3], "constructor": ["int", 0, 3] }') as SearchSpace;
  const axes = axesOf(space);
  const values = decode(axes, Float64Array.of(0.9, 0.1));
  assert.deepEqual(Object.keys(values), ['__proto__', 'constructor']);
  assert.deepEqual(encode(axes, values), Float64Array.of(0.875, 0.125));
  assert.throws(() => encode(axes, {}), { code: 'USAGE' });
});

test('what is no space, or not in it, is refused', () => {
  const bad: unknown[] = [
    {},
    null,
    { a: 'float' },
    { a: ['double', 0, 1] },
    { a: ['float', 1, 0] },
    { a: ['float', 0, Infinity] },
    { a: ['float', 0, 1, true] },
    { a: ['float', 0.1, 1, 'log'] },
    { a: ['int', 0.5, 2] },
    { a: ['int', 1, 100, true] },
    { a: ['float', 0, 1, false, 0.1] },
    { a: ['categorical', ['x', 'y'], 'x'] },
    { a: ['constructor', 1, 2] },
    { a: ['int', 0, 2 ** 40] },
    { a: ['categorical', []] },
    { a: ['categorical', ['x', 'x']] },
    { a: ['categorical', [{}]] },
    { a: ['categorical', [Number.NaN, 1]] },
  ];
  for (const space of bad)
    assert.throws(() => axesOf(space as SearchSpace), { code: 'USAGE' }, JSON.stringify(space));
  const axes = axesOf({ a: ['float', 0, 1], b: ['categorical', [1, 2]] });
  for (const values of [{ a: 0.5 }, { a: 2, b: 1 }, { a: Number.NaN, b: 1 }, { a: 0.5, b: '1' }]) {
    assert.throws(() => encode(axes, values), { code: 'USAGE' });
  }
});

test('bounds that are neighbours, or whose logarithms are the same, have coordinates', () => {
  for (const dimension of [
    ['float', 1, 1 + Number.EPSILON, true],
    ['float', 1e300, 1e300 * (1 + Number.EPSILON), true],
    ['float', 0, Number.MIN_VALUE],
    ['float', 1, 1 + Number.EPSILON],
  ] as const) {
    const axes = axesOf({ x: dimension });
    for (const at of [0, 1]) {
      const values = decode(axes, Float64Array.of(at));
      assert.equal(values['x'], dimension[1 + at]);
      assert.deepEqual(encode(axes, values), Float64Array.of(at));
    }
  }
});
