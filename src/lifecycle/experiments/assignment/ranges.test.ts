import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthBookBucket } from './growthbook.ts';
import { bucketRanges, rangeAt } from './ranges.ts';

/** Seed, value, version and bucket: the public vectors of GrowthBook's SDKs (cases.json 0.8.0). */
const BUCKETS: readonly (readonly [string, string, number, number | null])[] = [
  ['', 'a', 1, 0.22],
  ['', 'b', 1, 0.077],
  ['b', 'a', 1, 0.946],
  ['ef', 'd', 1, 0.652],
  ['asdf', '8952klfjas09ujk', 1, 0.549],
  ['', '123', 1, 0.011],
  ['', '___)((*":&', 1, 0.563],
  ['seed', 'a', 2, 0.0505],
  ['seed', 'b', 2, 0.2696],
  ['foo', 'ab', 2, 0.2575],
  ['foo', 'def', 2, 0.2019],
  ['89123klj', '8952klfjas09ujkasdf', 2, 0.124],
  ['90850943850283058242805', '123', 2, 0.7516],
  ['()**(%$##$%#$#', '___)((*":&', 2, 0.0128],
  ['abc', 'def', 99, null],
];

test('buckets are those of GrowthBook', () => {
  for (const [seed, value, version, bucket] of BUCKETS)
    assert.equal(growthBookBucket(seed, value, version), bucket);
});

const RANGES: readonly (readonly [arms: number, coverage: number, weights: readonly number[], number[][]])[] =
  [
    [
      2,
      1,
      [],
      [
        [0, 0.5],
        [0.5, 1],
      ],
    ],
    [
      2,
      0.5,
      [],
      [
        [0, 0.25],
        [0.5, 0.75],
      ],
    ],
    [
      2,
      0,
      [],
      [
        [0, 0],
        [0.5, 0.5],
      ],
    ],
    [
      4,
      1,
      [],
      [
        [0, 0.25],
        [0.25, 0.5],
        [0.5, 0.75],
        [0.75, 1],
      ],
    ],
    [
      2,
      1,
      [0.4, 0.6],
      [
        [0, 0.4],
        [0.4, 1],
      ],
    ],
    [
      3,
      1,
      [0.2, 0.3, 0.5],
      [
        [0, 0.2],
        [0.2, 0.5],
        [0.5, 1],
      ],
    ],
    [
      3,
      0.2,
      [0.2, 0.3, 0.5],
      [
        [0, 0.04],
        [0.2, 0.26],
        [0.5, 0.6],
      ],
    ],
    [
      2,
      -0.2,
      [],
      [
        [0, 0],
        [0.5, 0.5],
      ],
    ],
    [
      2,
      1.5,
      [],
      [
        [0, 0.5],
        [0.5, 1],
      ],
    ],
    [
      2,
      1,
      [0.4, 0.1],
      [
        [0, 0.5],
        [0.5, 1],
      ],
    ],
    [
      2,
      1,
      [0.7, 0.6],
      [
        [0, 0.5],
        [0.5, 1],
      ],
    ],
    [
      4,
      1,
      [0.4, 0.4, 0.2],
      [
        [0, 0.25],
        [0.25, 0.5],
        [0.5, 0.75],
        [0.75, 1],
      ],
    ],
    [
      2,
      1,
      [0.4, 0.5999],
      [
        [0, 0.4],
        [0.4, 0.9999],
      ],
    ],
  ];

test('ranges are those of GrowthBook', () => {
  for (const [arms, coverage, weights, wanted] of RANGES) {
    const found = bucketRanges(arms, coverage, weights);
    for (const [arm, range] of found.entries())
      for (const [end, value] of range.entries())
        assert.ok(
          Math.abs(value - (wanted[arm]?.[end] ?? Number.NaN)) < 1e-12,
          `${arms} ${coverage} ${weights}`,
        );
    assert.equal(found.length, arms);
  }
});

test('a bucket belongs to one arm, or to none', () => {
  const ranges = bucketRanges(2, 0.5);
  assert.deepEqual(
    [0, 0.2499, 0.25, 0.5, 0.7499, 0.75, 0.9999].map((bucket) => rangeAt(ranges, bucket)),
    [0, 0, -1, 1, 1, -1, -1],
  );
});
