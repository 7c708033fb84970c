// Every rule must refuse a bad snippet and let its repaired twin pass; a rule that cannot fail protects nothing.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { codeRules } from './rules.ts';
import { type Finding, parse, type Rule } from './source.ts';
import { dependencyRule, markerRule, placeRule } from './text.ts';

type Files = Readonly<Record<string, string>>;

const judge = (rule: Rule, files: Files): Finding[] =>
  rule(Object.entries(files).map(([path, text]) => parse({ path, text })));

interface Case {
  bad: Files;
  good: Files;
  /** What the message must tell the reader to do. */
  says: RegExp;
}

const lines = (count: number): string => 'let a = 1;\n'.repeat(count);
const many = (count: number): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`src/blocks/chunk/f${i}.ts`, '']));

/** Cases by the sentence of the rule; every rule must have some. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  'imports go down the rings': [
    {
      bad: {
        'src/blocks/chunk/a.ts':
          "import type { M } from '../../learn/index.ts';\nimport '../../cli/index.ts';",
      },
      good: { 'src/blocks/chunk/a.ts': "import type { M } from '../../learn/index.ts';" },
      says: /hand the implementation in/,
    },
    {
      bad: { 'src/overlay/a.ts': "import { B } from '../blocks/index.ts';" },
      good: { 'src/transfer/a.ts': "import { B } from '../blocks/index.ts';" },
      says: /overlay \(ring 2\) must not import blocks \(ring 2\)/,
    },
    {
      bad: { 'src/index.ts': "export { pack } from './cli/index.ts';" },
      good: { 'src/index.ts': "export { pack } from './blocks/index.ts';" },
      says: /move what it needs to a lower room/,
    },
    {
      bad: { 'src/attic/a.ts': "import { B } from '../blocks/index.ts';" },
      good: { 'src/blocks/a.ts': "import { B } from '../base/index.ts';" },
      says: /enter it in test\/tidy\/rooms\.ts/,
    },
    {
      bad: { 'src/blocks/a.test.ts': "import { L } from '../lifecycle/index.ts';" },
      good: { 'src/blocks/a.test.ts': "import { L } from '../signals/index.ts';" },
      says: /ring 5/,
    },
  ],
  'a top-level room is entered by its door': [
    {
      bad: { 'src/cli/pack.ts': "import { w } from '../blocks/pack/writer.ts';" },
      good: { 'src/cli/pack.ts': "import { w } from '../blocks/index.ts';" },
      says: /index\.ts or questions\.ts/,
    },
    {
      bad: { 'src/cli/pack.ts': "import { w } from '../blocks/pack/index.ts';" },
      good: { 'src/decisions/codec/index.ts': "import type { Q } from '../../blocks/questions.ts';" },
      says: /index\.ts or questions\.ts/,
    },
  ],
  'rooms inside a room import along their order': [
    {
      bad: { 'src/blocks/seal/a.ts': "import type { P } from '../pack/p.ts';" },
      good: { 'src/blocks/pack/p.ts': "import type { S } from '../seal/a.ts';" },
      says: /move the shared part down/,
    },
    {
      bad: { 'src/blocks/seal/a.ts': "import { x } from '../index.ts';" },
      good: { 'src/blocks/seal/a.ts': "import { x } from '../questions.ts';" },
      says: /import the file that declares the name/,
    },
    {
      bad: { 'src/blocks/questions.ts': "import { x } from './seal/a.ts';" },
      good: { 'src/blocks/index.ts': "export { x } from './seal/a.ts';" },
      says: /ground under the folders/,
    },
    {
      bad: { 'src/blocks/attic/a.ts': "import { x } from '../seal/a.ts';" },
      good: { 'src/blocks/seal/b.ts': "import { x } from './a.ts';" },
      says: /enter it in roomOrder/,
    },
  ],
  'no import cycles at run time': [
    {
      bad: { 'src/base/a.ts': "import { b } from './b.ts';", 'src/base/b.ts': "import { a } from './a.ts';" },
      good: {
        'src/base/a.ts': "import { b } from './b.ts';",
        'src/base/b.ts': "import type { a } from './a.ts';",
      },
      says: /src\/base\/a\.ts -> src\/base\/b\.ts -> src\/base\/a\.ts/,
    },
  ],
  'every source file is reached by something': [
    {
      bad: { 'src/base/lost.ts': '', 'src/base/a.ts': "new URL('./other.ts', import.meta.url)" },
      good: {
        'src/base/index.ts': `const at = new URL('./worker.ts', import.meta.url);\nconst b = new URL(\`./b\${extension}\`, at);`,
        'src/base/worker.ts': "export type { T } from './types.ts';",
        'src/base/types.ts': '',
        'src/base/b.ts': '',
      },
      says: /use it or delete it/,
    },
  ],
  'files are short': [
    { bad: { 'src/base/a.ts': lines(401) }, good: { 'src/base/a.ts': lines(400) }, says: /limit 400/ },
    { bad: { 'src/learn/a.ts': lines(301) }, good: { 'src/learn/a.ts': lines(300) }, says: /limit 300/ },
  ],
  'functions are short and take few parameters': [
    {
      bad: { 'src/base/a.ts': `function f() {\n${lines(69)}}` },
      good: { 'src/base/a.ts': `function f() {\n${lines(68)}}` },
      says: /f has 71 lines, limit 70/,
    },
    {
      bad: { 'test/a.test.ts': `test('x', () => {\n${lines(70)}})` },
      good: { 'test/a.test.ts': `describe('x', () => {\n${lines(70)}})` },
      says: /limit 70/,
    },
    {
      bad: { 'src/base/a.ts': 'class A { constructor(a: 1, b: 2, c: 3, d: 4, e: 5) {} }' },
      good: { 'src/base/a.ts': 'function f(this: A, a: 1, b: 2, c: 3, d: 4) {}' },
      says: /constructor takes 5 parameters, limit 4: take one named object/,
    },
  ],
  'rooms are small': [{ bad: many(16), good: many(15), says: /16 source files, limit 15/ }],
  'environment, time and chance have one home each': [
    {
      bad: { 'src/cli/a.ts': 'const repo = process.env.PILOTFISH_REPO;' },
      good: {
        'src/app/config.ts': 'const repo = process.env.PILOTFISH_REPO;',
        'bench/a.ts': 'process.env.X;',
      },
      says: /take the value as an argument/,
    },
    {
      bad: { 'src/cli/a.ts': 'const { HOME } = process["env"];' },
      good: { 'src/cli/a.ts': 'const { env } = settings;' },
      says: /src\/app\/config\.ts/,
    },
    {
      bad: { 'src/cli/a.ts': 'const { env } = process;' },
      good: { 'src/cli/a.ts': 'const { pid } = process;' },
      says: /src\/app\/config\.ts/,
    },
    {
      bad: { 'src/cli/a.ts': "import { env } from 'node:process';" },
      good: { 'src/cli/a.ts': "import { cwd } from 'node:process';" },
      says: /src\/app\/config\.ts/,
    },
    {
      bad: { 'src/blocks/a.ts': 'const t = Date.now();' },
      good: {
        'src/blocks/a.ts': 'const t = clock.now(); const d = new Date(t);',
        'src/base/clock.ts': 'Date.now();',
      },
      says: /take a Clock/,
    },
    {
      bad: { 'src/blocks/a.ts': 'const t = new Date();' },
      good: { 'src/blocks/a.test.ts': 'const t = new Date();' },
      says: /take a Clock/,
    },
    {
      bad: { 'src/blocks/a.ts': 'setTimeout(f, 1);' },
      good: { 'src/blocks/a.ts': 'socket.setTimeout(1); interface T { setTimeout(): void }' },
      says: /take a Clock/,
    },
    {
      bad: { 'src/blocks/a.ts': "import { setTimeout as sleep } from 'node:timers/promises';" },
      good: { 'src/blocks/a.ts': "import { sleep } from '../base/index.ts';" },
      says: /take a Clock/,
    },
    {
      bad: { 'src/blocks/a.ts': 'const t = process.hrtime.bigint();' },
      good: { 'src/blocks/a.ts': 'const t = process.memoryUsage();' },
      says: /take a Clock/,
    },
    {
      bad: { 'src/blocks/a.ts': 'const x = Math.random();' },
      good: { 'src/blocks/a.ts': 'const x = Math.max(1, 2);' },
      says: /take an Rng/,
    },
    {
      bad: { 'src/blocks/a.ts': "import { randomBytes as r } from 'node:crypto';" },
      good: { 'src/blocks/a.ts': "import { createHmac } from 'node:crypto';" },
      says: /take an Rng/,
    },
    {
      bad: { 'src/blocks/a.ts': 'const id = nodeCrypto.randomUUID();' },
      good: { 'src/base/rng.ts': 'const id = nodeCrypto.randomUUID();' },
      says: /take an Rng/,
    },
  ],
  'errors have a code': [
    {
      bad: { 'src/base/a.ts': "throw new Error('no');" },
      good: { 'src/base/a.ts': "throw new StoreError('NO_SPACE', 'free some space');" },
      says: /a plain error has no code/,
    },
    {
      bad: { 'src/base/a.ts': "Promise.reject(new TypeError('no'));" },
      good: { 'src/base/a.test.ts': "throw new Error('a test may');" },
      says: /what to do in its message/,
    },
  ],
  'pure rooms are pure': [
    {
      bad: { 'src/signals/a.ts': "import { readFileSync } from 'node:fs';" },
      good: { 'src/signals/a.ts': "import { Rng } from '../base/index.ts';" },
      says: /hand the result in/,
    },
    {
      bad: { 'src/learn/a.ts': 'export async function f() {}' },
      good: { 'src/learn/a.ts': 'export function f() {}' },
      says: /nothing asynchronous/,
    },
    {
      bad: { 'src/learn/a.ts': 'const p: Promise<void> = q;' },
      good: { 'src/learn/a.test.ts': 'const p: Promise<void> = q;' },
      says: /nothing asynchronous/,
    },
  ],
  'no default exports': [
    {
      bad: { 'src/base/a.ts': 'export default function f() {}' },
      good: { 'src/base/a.ts': 'export function f() {}' },
      says: /give it a name/,
    },
    {
      bad: { 'scripts/a.ts': 'const f = 1;\nexport { f as default };' },
      good: { 'scripts/a.ts': 'const f = 1;\nexport { f };' },
      says: /give it a name/,
    },
  ],
  'what leaves by a door is documented': [
    {
      bad: {
        'src/blocks/index.ts': "export { open as openStore } from './store/index.ts';",
        'src/blocks/store/index.ts': "export * from './open.ts';",
        'src/blocks/store/open.ts': 'export function open() {}',
      },
      good: {
        'src/blocks/index.ts': "export { open as openStore } from './store/index.ts';",
        'src/blocks/store/index.ts': "export * from './open.ts';",
        'src/blocks/store/open.ts': '/** Opens. */\nexport function open() {}\nexport function inner() {}',
      },
      says: /\/\*\* … \*\//,
    },
    {
      bad: { 'src/base/index.ts': 'export const now = () => 1;' },
      good: { 'src/base/index.ts': '/** The time. */\nexport const now = () => 1;\nexport const limit = 3;' },
      says: /someone who only sees its name/,
    },
  ],
};

for (const [sentence, rule] of Object.entries(codeRules)) {
  describe(sentence, () => {
    test('has cases', () => assert.ok((cases[sentence] ?? []).length > 0));
    for (const [index, { bad, good, says }] of (cases[sentence] ?? []).entries()) {
      test(`refuses case ${index}`, () => {
        const [first] = judge(rule, bad);
        assert.match(first?.message ?? '(nothing found)', says);
      });
      test(`lets the repaired case ${index} pass`, () => assert.deepEqual(judge(rule, good), []));
    }
  });
}

describe('rules about text', () => {
  const one = (path: string, text: string) => [{ path, text }];

  test('a marker is refused', () => {
    const [found] = markerRule(one('src/a.ts', `a\n// ${'TO' + 'DO'}: later`));
    assert.equal(found?.line, 2);
    assert.match(found.message, /open an issue/);
    assert.deepEqual(markerRule(one('src/a.ts', 'const toDo = 1;')), []);
  });

  test('a path of one machine is refused', () => {
    assert.equal(placeRule(one('docs/a.md', `see /${'home'}/ann/notes`)).length, 1);
    assert.equal(placeRule(one('docs/a.md', '[x](../../elsewhere/a.md)')).length, 1);
    assert.deepEqual(placeRule(one('docs/a.md', '[x](../README.md), https://example.org/home/x')), []);
  });

  test('an unexplained dependency is refused', () => {
    const text = JSON.stringify({
      dependencies: { leftpad: '^1.0.0' },
      peerDependencies: { rightpad: '1.0.0' },
    });
    const messages = dependencyRule(text).map((finding) => finding.message);
    assert.ok(
      messages.some((message) => /leftpad is not an allowed dependency: do without it/.test(message)),
    );
    assert.ok(messages.some((message) => /leftpad@\^1\.0\.0: name one exact version/.test(message)));
    assert.ok(messages.some((message) => /rightpad is a peer for everybody: mark it optional/.test(message)));
    assert.ok(messages.some((message) => /commander is allowed but no dependency any more/.test(message)));
  });
});
