// What every room promises, and what the guard makes of any model of it.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng, ManualClock, Rng } from '../../../src/base/index.ts';
import { Guard, type RoomModel, WORKSHOPS } from '../../../src/decisions/index.ts';
import { SOURCE, Workbench } from '../../golden/workbench.ts';
import { treeVersions } from '../../sim/sources.ts';
import { readTree, treeDifferences } from '../../sim/tree-state.ts';
import { root } from '../../support.ts';
import { forEveryRoom, type RoomCase } from './table.ts';

const FILES = [
  'index.ts',
  'features.ts',
  'heuristic.ts',
  'model.ts',
  'validator.ts',
  'teacher.ts',
  'README.md',
];

/** Models nobody should install: what the guard is for. */
function hostileModels<Question, Value>(): Record<
  string,
  (clock: ManualClock) => RoomModel<Question, Value>
> {
  const model = (choose: () => unknown) => ({ version: 'hostile@1' as const, choose: choose as () => Value });
  const values = [
    Number.NaN,
    -1,
    1e9,
    '',
    'zstd-99',
    null,
    undefined,
    {},
    [],
    0,
    'none',
    'zstd-9',
    'lz4',
    true,
  ];
  return {
    constant: () => model(() => 'none'),
    'one that answers NaN': () => model(() => Number.NaN),
    random: () => {
      const rng = new FastRng(1);
      return model(() => values[rng.below(values.length)]);
    },
    throwing: () =>
      model(() => {
        throw new TypeError('no such attribute');
      }),
    slow: (clock) =>
      model(() => {
        clock.advance(1000);
        return 'none';
      }),
    'one that throws when asked whether it serves': () => ({
      ...model(() => 'none'),
      serves: () => {
        throw new RangeError('serves');
      },
    }),
    'one that lies about its version': () => {
      let asked = 0;
      return {
        get version(): `${string}@${string}` {
          asked += 1;
          return `liar@${asked}`;
        },
        choose: () => 'none' as Value,
      };
    },
  };
}

/** Where a room lies, below the root. */
const folderOf = ({ room, folder }: { room: { name: string }; folder?: string }): string =>
  folder ?? `src/decisions/${room.name}`;

function checkRoom<Question, Value>(subject: RoomCase<Question, Value>): void {
  const { room, questions, features } = subject;
  test(`${room.name}: the rule and the fallback are legal, and the rule is a function of the question`, () => {
    fc.assert(
      fc.property(questions, (question) => {
        const before = JSON.stringify(question);
        const answer = room.heuristic(question);
        assert.ok(room.isLegal(answer, question), String(answer));
        assert.ok(room.isLegal(room.fallback, question));
        assert.equal(room.heuristic(structuredClone(question)), answer);
        assert.equal(JSON.stringify(question), before);
      }),
    );
  });

  test(`${room.name}: features are finite, as many as the schema has slots, and small`, () => {
    fc.assert(
      fc.property(questions, (question) => {
        const out = new Float64Array(room.features.length + 1).fill(77);
        features(question, out);
        assert.equal(out.at(-1), 77, 'it writes beyond its slots');
        for (const value of out.subarray(0, -1)) assert.ok(Math.abs(value) <= 5, `${out}`);
      }),
    );
  });

  test(`${room.name}: the folder is complete, and rule and validator know no learned code`, () => {
    const folder = join(root, folderOf(subject));
    for (const file of FILES) assert.ok(existsSync(join(folder, file)), `${room.name} lacks ${file}`);
    for (const file of ['heuristic.ts', 'validator.ts']) {
      assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'), /learn\/index|\.\/(model|train)/, file);
    }
    const isListed = WORKSHOPS.some((workshop) => workshop.room === room.name);
    assert.equal(isListed, subject.folder === undefined, 'a room of Pilotfish is in the catalog');
  });
}

function checkHostile<Question, Value>({ room, questions }: RoomCase<Question, Value>): void {
  for (const [name, make] of Object.entries(hostileModels<Question, Value>())) {
    test(`${room.name}: a model that is ${name} costs nothing but the model`, () => {
      fc.assert(
        fc.property(fc.array(questions, { minLength: 1, maxLength: 40 }), (asked) => {
          const clock = new ManualClock();
          const guard = new Guard({ room, clock });
          const model = make(clock);
          guard.install(model);
          const installed = guard.installed;
          for (const question of asked) {
            const hint = guard.ask(question);
            assert.ok(room.isLegal(hint.value, question));
            assert.ok([installed, 'heuristic'].includes(hint.source), hint.source);
            if (hint.source === 'heuristic') assert.equal(hint.value, room.heuristic(question));
          }
        }),
        { numRuns: 30 },
      );
    });
  }
}

function checkRoots<Question, Value>({ room, adviser }: RoomCase<Question, Value>): void {
  if (adviser === undefined) return;
  test(`${room.name}: whatever the model, the same root and every byte restored`, async () => {
    const [sources = []] = treeVersions(new Rng(3), 1);
    const roots = new Set<string>();
    const models = Object.values(hostileModels<Question, Value>());
    for (const make of [undefined, ...models]) {
      const clock = new ManualClock();
      const guard = new Guard({ room, clock });
      if (make !== undefined) guard.install(make(clock));
      const bench = new Workbench({});
      bench.build(sources);
      const { root: packed } = await bench.pack({ adviser: adviser(guard), surroundings: LINK });
      roots.add(packed.toString());
      const { tree, errors } = await bench.restored();
      assert.deepEqual([errors, treeDifferences(readTree(bench.fs, SOURCE), tree)], [[], []]);
    }
    assert.equal(roots.size, 1);
  });
}

const LINK = { linkBitsPerSecond: 1e8, cpuPressure: 0 };

forEveryRoom((subject) => {
  checkRoom(subject);
  checkHostile(subject);
  checkRoots(subject);
});

test('every folder with a validator is a room of this table', () => {
  const folders = globSync('{src/decisions,examples}/*/validator.ts', { cwd: root }).map(dirname);
  const listed: string[] = [];
  forEveryRoom((subject) => listed.push(folderOf(subject)));
  assert.deepEqual(listed.sort(), folders.sort());
});
