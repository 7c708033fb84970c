import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng, hasCode } from '../../base/index.ts';
import type { Snapshot } from '../contract/index.ts';
import { Markov, type Ranking, RecencyMarkov } from './index.ts';

const listed = ({ count, ids, scores }: Ranking) =>
  Array.from({ length: count }, (_, i) => [ids[i] as number, scores[i] as number] as const);
const idsOf = (ranking: Ranking) => listed(ranking).map(([id]) => id);

/** Few enough ids that no set of the table, whose places are plenty, can overflow. */
const ids = fc.array(fc.nat({ max: 7 }), { maxLength: 80, size: 'max' });

/** How often each id followed a context in the sequence, the slow way. */
function followersIn(sequence: readonly number[], context: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = context.length; i < sequence.length; i += 1) {
    if (!context.every((id, back) => sequence[i - context.length + back] === id)) continue;
    const id = sequence[i] as number;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

test('order 1 counts the followers of the last id', () => {
  fc.assert(
    fc.property(ids, (sequence) => {
      const model = new Markov({ contexts: 64, top: 8 });
      for (const id of sequence) model.learnOne(id);
      const counts = sequence.length === 0 ? new Map() : followersIn(sequence, sequence.slice(-1));
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const ranking = listed(model.predict());
      assert.deepEqual(new Map(ranking), new Map([...counts].map(([id, n]) => [id, n * (1 / (total + 1))])));
      ranking.forEach(([, score], i) => {
        assert.ok(i === 0 || score <= (ranking[i - 1]?.[1] as number));
      });
    }),
  );
});

test('order 2 goes by the last two ids and leaves the rest to the last one', () => {
  fc.assert(
    fc.property(ids, (sequence) => {
      const model = new Markov({ order: 2, contexts: 4096, top: 8 });
      for (const id of sequence) model.learnOne(id);
      const ranking = listed(model.predict());
      if (sequence.length < 2) return assert.equal(ranking.length, 0);
      const pairs = followersIn(sequence, sequence.slice(-2));
      const singles = followersIn(sequence, sequence.slice(-1));
      const [seenPairs, seenSingles] = [pairs, singles].map((counts) =>
        [...counts.values()].reduce((sum, count) => sum + count, 0),
      ) as [number, number];
      const wanted = new Map([...singles].map(([id, n]) => [id, n / (seenSingles + 1) / (seenPairs + 1)]));
      for (const [id, n] of pairs) wanted.set(id, n / (seenPairs + 1));
      assert.equal(ranking.length, wanted.size);
      for (const [id, score] of ranking) assert.ok(Math.abs(score - (wanted.get(id) ?? 0)) < 1e-12);
      const sum = ranking.reduce((total, [, score]) => total + score, 0);
      assert.ok(sum <= 1 + 1e-12);
      ranking.forEach(([, score], i) => {
        assert.ok(i === 0 || score <= (ranking[i - 1]?.[1] as number) + 1e-12);
      });
    }),
  );
});

test('of followers seen alike often, the latest comes first', () => {
  const model = new Markov();
  for (const id of [1, 2, 1, 3, 1, 4, 1]) model.learnOne(id);
  assert.deepEqual(idsOf(model.predict()), [4, 3, 2]);
  for (const id of [2, 1]) model.learnOne(id);
  assert.deepEqual(listed(model.predict()), [
    [2, 0.4],
    [4, 0.2],
    [3, 0.2],
  ]);
});

test('recency ranks the distinct followers of the last id, most recent first', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 6 }), (sequence, top) => {
      const model = new RecencyMarkov({ contexts: 64, top });
      for (const id of sequence) model.learnOne(id);
      const last = sequence.at(-1);
      const followers = sequence.filter((_, i) => i > 0 && sequence[i - 1] === last).toReversed();
      assert.deepEqual(idsOf(model.predict()), [...new Set(followers)].slice(0, top));
    }),
  );
});

test('the scores of recency are the parts of its predictions that came true', () => {
  const model = new RecencyMarkov({ top: 2 });
  // 1 is followed by 2, 2, 3, 2: after the first, rank 1 is right, then wrong, then rank 2 is right.
  for (const id of [1, 2, 1, 2, 1, 3, 1, 2, 1]) model.learnOne(id);
  // Rank 1 was also asked for the follower of 2, three times, and right each time; rank 2 once.
  const [first, second] = listed(model.predict());
  assert.deepEqual(first, [2, (1 + 2 + 1) / (3 + 2 + 2)]);
  assert.deepEqual(second, [3, Math.min((1 + 1) / (1 + 2), 1 - (first?.[1] as number))]);
});

test('a restart keeps what was learnt and forgets where the sequence stood', () => {
  for (const model of [new Markov(), new Markov({ order: 2 }), new RecencyMarkov()]) {
    for (const id of [5, 6, 7, 5, 6]) model.learnOne(id);
    model.restart();
    assert.equal(model.predict().count, 0);
    model.learnOne(5);
    assert.deepEqual(idsOf(model.predict()), [6]);
    model.restart();
    model.learnOne(7);
    // 6 then 7 then 5 was seen before the restarts; 5 then 7 never was.
    assert.deepEqual(idsOf(model.predict()), [5]);
  }
});

test('a full context gives the place of its rarest follower, and the newcomer inherits the count', () => {
  const model = new Markov({ followers: 2, top: 2 });
  for (const id of [1, 2, 1, 2, 1, 3, 1, 4, 1]) model.learnOne(id);
  assert.deepEqual(listed(model.predict()), [
    [4, 2 / 5],
    [2, 2 / 5],
  ]);
});

test('space-saving: what follows often enough is listed, and its count is never too low', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 200, size: 'max' }), (followers) => {
      const model = new Markov({ followers: 4, top: 4 });
      for (const follower of followers) {
        model.learnOne(100);
        model.learnOne(follower);
      }
      model.learnOne(100);
      const ranking = new Map(listed(model.predict()));
      for (const id of new Set(followers)) {
        const count = followers.filter((follower) => follower === id).length;
        if (count > followers.length / 4) assert.ok(ranking.has(id), `${id} came ${count} times`);
        const score = ranking.get(id);
        if (score === undefined) continue;
        assert.ok(score * (followers.length + 1) >= count - 1e-9);
        assert.ok(score * (followers.length + 1) <= count + followers.length / 4 + 1e-9);
      }
    }),
  );
});

const makers = [
  [() => new Markov({ contexts: 8, followers: 2 }), Markov.restore],
  [() => new Markov({ order: 2, contexts: 8, followers: 2 }), Markov.restore],
  [() => new RecencyMarkov({ contexts: 8, top: 2 }), RecencyMarkov.restore],
] as const;

test('a restored predictor goes on bit for bit', () => {
  const longer = fc.array(fc.nat({ max: 30 }), { maxLength: 60, size: 'max' });
  for (const [make, restore] of makers) {
    fc.assert(
      fc.property(longer, longer, (before, after) => {
        const model = make();
        for (const id of before) model.learnOne(id);
        const restored = restore(structuredClone(model.snapshot()));
        assert.deepEqual(restored.snapshot(), model.snapshot());
        for (const id of after) {
          assert.deepEqual(restored.predict(), model.predict());
          restored.learnOne(id);
          model.learnOne(id);
        }
        assert.deepEqual(restored.snapshot(), model.snapshot());
      }),
      { numRuns: 50 },
    );
  }
});

test('what is no id, value or size is refused', () => {
  for (const [make] of makers) {
    const model = make();
    for (const id of [-1, 0.5, 2 ** 32, Number.NaN]) {
      assert.throws(() => model.learnOne(id), { code: 'USAGE' });
    }
    assert.equal(model.predict().count, 0);
  }
  assert.throws(() => new Markov({ order: 3 }), { code: 'USAGE' });
  assert.throws(() => new Markov({ contexts: 0 }), { code: 'USAGE' });
  assert.throws(() => new RecencyMarkov({ top: 0 }), { code: 'USAGE' });
  assert.throws(() => new RecencyMarkov({ top: 300 }), { code: 'USAGE', message: /^top is 300/ });
  assert.throws(() => new Markov({ contexts: 2 ** 24, followers: 8 }), { code: 'LIMIT' });
});

function* damages(snapshot: Snapshot): Generator<Snapshot> {
  yield { ...snapshot, kind: 'other' };
  yield { ...snapshot, version: 9 };
  for (const key of Object.keys(snapshot.config)) {
    for (const bad of [null, -1, 1e300, 2 ** 30, 'x']) {
      yield { ...snapshot, config: { ...snapshot.config, [key]: bad } };
    }
  }
  for (const [key, tensor] of Object.entries(snapshot.tensors)) {
    const { [key]: _, ...rest } = snapshot.tensors;
    yield { ...snapshot, tensors: rest };
    yield { ...snapshot, tensors: { ...rest, [key]: { shape: [1], data: tensor.data.slice(0, 1) } } };
    const high = tensor.data.slice().fill(tensor.data instanceof Float64Array ? Number.NaN : 0xffffffff);
    yield { ...snapshot, tensors: { ...rest, [key]: { shape: tensor.shape, data: high } } };
  }
}

test('a damaged snapshot is refused with a code, or restores to something that works', () => {
  for (const [make, restore] of makers) {
    const model = make();
    for (const id of [1, 2, 3, 1, 2, 4, 1, 2]) model.learnOne(id);
    for (const damaged of damages(model.snapshot())) {
      try {
        const restored = restore(damaged);
        for (const id of [1, 2, 3]) {
          restored.learnOne(id);
          assert.ok(restored.predict().count <= 5);
        }
      } catch (error) {
        assert.ok(hasCode(error), `${error}`);
      }
    }
  }
});

test('each rule beats chance on the sequence made for it', () => {
  const rng = new FastRng(12);
  const hits = (model: Markov | RecencyMarkov, sequence: readonly number[]) => {
    let right = 0;
    for (const id of sequence) {
      if (model.predict().ids[0] === id && model.predict().count > 0) right += 1;
      model.learnOne(id);
    }
    return right / sequence.length;
  };
  // A walk in which id i is followed by 3 i + 1 in nine steps of ten: order 1 knows all there is.
  let id = 0;
  const walk = Array.from({ length: 5000 }, () => {
    id = rng.next() < 0.9 ? (3 * id + 1) % 97 : rng.below(97);
    return id;
  });
  assert.ok(hits(new Markov(), walk) > 0.8);
  // 1 is followed by 2 or 3, depending on what came before it: only order 2 can know.
  const braid = Array.from({ length: 1000 }, () => (rng.below(2) === 0 ? [8, 1, 2] : [9, 1, 3])).flat();
  assert.ok(hits(new Markov({ order: 2 }), braid) > hits(new Markov(), braid) + 0.1);
  // What follows changes every forty steps: only recency keeps up.
  const shifting = Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? 1 : 2 + Math.floor(i / 40)));
  assert.ok(hits(new RecencyMarkov(), shifting) > 0.93);
});
