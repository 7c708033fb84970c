import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePatternFile, pathTest } from './patterns.ts';

/** Each pattern with paths it fits and paths it does not. */
const TABLE: Readonly<Record<string, readonly [fits: readonly string[], not: readonly string[]]>> = {
  node_modules: [
    ['node_modules', 'a/node_modules'],
    ['node_modules2', 'a/my_node_modules', 'node_modules/x'],
  ],
  '*.log': [
    ['a.log', 'deep/down/b.log', '.log'],
    ['a.log.gz', 'log', 'a.log/b'],
  ],
  '*': [['a', 'b/c', '.hidden'], []],
  '?': [
    ['a', 'x/b'],
    ['ab', ''],
  ],
  '.git': [
    ['.git', 'x/.git'],
    ['git', '.gitignore'],
  ],
  '[ab].txt': [
    ['a.txt', 'x/b.txt'],
    ['c.txt', 'ab.txt'],
  ],
  '{a,b}.txt': [
    ['a.txt', 'x/b.txt'],
    ['c.txt', 'ab.txt'],
  ],
  'cache/': [['cache', 'x/cache'], ['cached']],
  'src/*.ts': [['src/a.ts'], ['a/src/a.ts', 'src/a/b.ts', 'src/a.tsx']],
  'src/**/*.ts': [
    ['src/a.ts', 'src/a/b/c.ts'],
    ['lib/src/a.ts', 'src/a.js'],
  ],
  'src/**': [
    ['src/a', 'src/a/b', 'src/.c'],
    ['lib/a', 'asrc/a'],
  ],
  '**/tmp/x': [
    ['tmp/x', 'a/tmp/x', 'a/b/tmp/x'],
    ['tmp/y', 'atmp/x'],
  ],
  '/build': [['build'], ['a/build', 'build/a']],
  './build/out': [['build/out'], ['a/build/out']],
  'a/b/': [['a/b'], ['x/a/b', 'a/bc']],
  '!a': [
    ['!a', 'x/!a'],
    ['a', 'b'],
  ],
  'with space': [
    ['with space', 'x/with space'],
    ['with', 'space'],
  ],
  grün: [['grün', 'x/grün'], ['grun']],
  'a\\*b': [['a*b'], ['axb', 'a\\xb']],
};

test('patterns fit what the table says', () => {
  for (const [pattern, [fits, not]] of Object.entries(TABLE)) {
    const isMeant = pathTest([pattern]);
    for (const path of fits) assert.ok(isMeant(path), `${pattern} fits ${path}`);
    for (const path of not) assert.ok(!isMeant(path), `${pattern} does not fit ${path}`);
  }
});

test('several patterns fit what any of them fits, and none fit nothing', () => {
  const isMeant = pathTest(['*.log', 'src/gen', '.cache']);
  for (const path of ['x/a.log', 'src/gen', 'y/.cache']) assert.ok(isMeant(path));
  for (const path of ['src', 'gen', 'x/src/gen', 'a.txt']) assert.ok(!isMeant(path));
  assert.ok(!pathTest([])('anything'));
});

test('patterns that cannot be meant are refused', () => {
  const usage = { name: 'PilotfishError', code: 'USAGE' };
  for (const pattern of ['', '/', '///', 'x'.repeat(4097), `a/${'x'.repeat(5000)}`]) {
    assert.throws(() => pathTest([pattern]), usage, pattern.slice(0, 10));
  }
  assert.throws(() => pathTest(new Array(10_001).fill('a')), usage);
  assert.ok(pathTest(new Array(10_000).fill('a'))('a'));
});

test('patterns that other tools choke on neither throw nor hang', () => {
  for (const pattern of [
    '[',
    ']',
    '[a',
    '{',
    '{a',
    '}',
    '(',
    ')',
    '(a|b',
    '**',
    '***',
    '\\',
    '+(a',
    '@(',
    '!(',
    '*'.repeat(200),
    'a/'.repeat(200),
  ]) {
    const isMeant = pathTest([pattern]);
    assert.equal(typeof isMeant('a'.repeat(200)), 'boolean', pattern);
    assert.equal(typeof isMeant('a/b/c'), 'boolean', pattern);
  }
});

test('a pattern file has a pattern a line', () => {
  const text = '# comment\n*.log\n\n  indented  \r\n#another\nsrc/**\r\n\\#literal\nlast';
  assert.deepEqual(parsePatternFile(text), ['*.log', 'indented', 'src/**', '\\#literal', 'last']);
  assert.deepEqual(parsePatternFile(''), []);
  assert.ok(pathTest(parsePatternFile(text))('#literal'));
});
