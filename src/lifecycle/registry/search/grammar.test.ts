import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../../../base/index.ts';
import { prepareSchema } from '../state/schema.ts';
import { compileFilter, compileOrder } from './compile.ts';
import { parseFilter, parseOrder } from './grammar.ts';
import { offsetOf, tokenOf } from './page.ts';
import { EXPERIMENT_SEARCH, LOGGED_MODEL_SEARCH, MODEL_SEARCH, RUN_SEARCH, VERSION_SEARCH } from './specs.ts';

const isUsage = (error: unknown): boolean => hasCode(error, 'USAGE');

test('clauses as MLflow documents them', () => {
  const one = (filter: string) => parseFilter(filter)[0];
  assert.deepEqual(one("metrics.a > 0.5 AND params.x = 'y'"), {
    entity: 'metrics',
    key: 'a',
    comparator: '>',
    value: 0.5,
  });
  assert.deepEqual(parseFilter("metrics.a > 0.5 and params.x = 'y'")[1], {
    ...{ entity: 'params', key: 'x', comparator: '=', value: 'y' },
  });
  assert.deepEqual(one('tags.`a b.c` = "d"'), { entity: 'tags', key: 'a b.c', comparator: '=', value: 'd' });
  assert.deepEqual(one("tags.mlflow.user LIKE 'a%'"), {
    entity: 'tags',
    key: 'mlflow.user',
    comparator: 'LIKE',
    value: 'a%',
  });
  assert.deepEqual(one('params."a b" != \'\''), {
    entity: 'params',
    key: 'a b',
    comparator: '!=',
    value: '',
  });
  assert.deepEqual(one("name ilike 'x'"), {
    entity: undefined,
    key: 'name',
    comparator: 'ILIKE',
    value: 'x',
  });
  assert.deepEqual(one('metrics.`m/1`<=-1.5e-3'), {
    entity: 'metrics',
    key: 'm/1',
    comparator: '<=',
    value: -0.0015,
  });
  assert.deepEqual(one("run_id NOT IN ('a','b')"), {
    entity: undefined,
    key: 'run_id',
    comparator: 'NOT IN',
    value: ['a', 'b'],
  });
  assert.deepEqual(one("name = 'it''s'"), { entity: undefined, key: 'name', comparator: '=', value: "it's" });
  assert.deepEqual(parseFilter('  '), []);
});

test('what is no clause is refused, in the words of MLflow', () => {
  for (const filter of [
    'oops',
    'a =',
    "= 'a'",
    "name = 'a' name = 'b'",
    "name = 'a' AND",
    "name = 'a",
    'name IN ()',
    "name IN ('a'",
    "name = 'a' OR name = 'b'",
    'name LIKE',
    ';',
    "name = ('a')",
  ]) {
    assert.throws(
      () => parseFilter(filter),
      (error) => isUsage(error) && String(error).includes(`Invalid clause(s) in filter string: '${filter}'`),
      filter,
    );
  }
  for (const clause of ['', 'a b', 'a ASC DESC', "'a'", 'a,b', '1'])
    assert.throws(() => parseOrder(clause), isUsage, clause);
  assert.deepEqual(parseOrder('metrics.`a b` desc'), { entity: 'metrics', key: 'a b', isAscending: false });
});

test('columns and operators that a search has not', () => {
  const bad = [
    [RUN_SEARCH, "metrics.a LIKE 'x'"],
    [RUN_SEARCH, "metrics.a = 'x'"],
    [RUN_SEARCH, 'params.a = 1'],
    [RUN_SEARCH, "params.a < 'x'"],
    [RUN_SEARCH, "datasets.size = 'x'"],
    [RUN_SEARCH, "constructor = 'x'"],
    [RUN_SEARCH, "toString.a = 'x'"],
    [MODEL_SEARCH, "params.a = 'x'"],
    [MODEL_SEARCH, "timestamp = 'x'"],
    [EXPERIMENT_SEARCH, "datasets.name = 'x'"],
  ] as const;
  for (const [spec, filter] of bad) assert.throws(() => compileFilter(spec, filter), isUsage, filter);
  assert.throws(
    () => compileFilter(VERSION_SEARCH, "bad ~ 'm'"),
    /Invalid attribute key 'bad' specified\. Valid keys are '\{'name', 'run_id', 'source_path', 'version_number'\}'/,
  );
});

const db = new DatabaseSync(':memory:');
prepareSchema(db);
const FROM = [
  [RUN_SEARCH, 'SELECT r.id FROM runs r'],
  [EXPERIMENT_SEARCH, 'SELECT e.id FROM experiments e'],
  [MODEL_SEARCH, 'SELECT m.id FROM models m'],
  [VERSION_SEARCH, 'SELECT v.id FROM versions v JOIN models m ON m.id = v.model'],
  [LOGGED_MODEL_SEARCH, 'SELECT l.id FROM logged_models l'],
] as const;

const word = fc.constantFrom(
  ...[
    "'",
    '"',
    '`',
    '.',
    ' ',
    ' ',
    ' AND ',
    'NOT IN',
    'IN',
    'LIKE',
    '(',
    ')',
    ',',
    '=',
    '!=',
    '<',
    '>',
    '1',
    '-2.5e3',
  ],
  ...[
    'name',
    'tags',
    'metrics.a',
    "params.'x'",
    'run_id',
    'attributes.status',
    'datasets.name',
    '?',
    ';',
    '--',
    '%',
    '\u0000',
    '\n',
  ],
  ...["'x'", '"y"', '`z`', 'DROP TABLE runs', '__proto__', 'é'],
);
const text = fc.oneof(
  fc.string(),
  fc.array(word, { maxLength: 12 }).map((words) => words.join('')),
);

test('any text: a statement SQLite takes, or a refusal', () => {
  let compiled = 0;
  fc.assert(
    fc.property(text, text, fc.constantFrom(...FROM), (filter, order, [spec, select]) => {
      for (const make of [
        () => ({ where: compileFilter(spec, filter), by: { sql: '1', values: [] } }),
        () => ({ where: { sql: '1 = 1', values: [] }, by: compileOrder(spec, [order], '1') }),
      ]) {
        try {
          const { where, by } = make();
          db.prepare(`${select} WHERE ${where.sql} ORDER BY ${by.sql}`).all(...where.values, ...by.values);
          compiled += 1;
        } catch (error) {
          assert.ok(isUsage(error), String(error));
        }
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(compiled > 50);
});

test('what is quoted comes out as it went in', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (key, value) => {
      fc.pre(!/[`]/.test(key) && key !== '');
      const filter = `tags.\`${key}\` = '${value.replaceAll("'", "''")}'`;
      assert.deepEqual(parseFilter(filter), [{ entity: 'tags', key, comparator: '=', value }]);
    }),
  );
});

test('a filter that is made to be slow is not', () => {
  for (const part of ["'", '`', 'a.', '(', '-', '1e', "tags.`a` = 'b' AND ", ' ']) {
    try {
      parseFilter(part.repeat(5000).slice(0, 20_000));
    } catch (error) {
      assert.ok(isUsage(error));
    }
  }
});

test('page tokens', () => {
  assert.equal(tokenOf(0), 'eyJvZmZzZXQiOiAwfQ==');
  assert.equal(offsetOf(tokenOf(17)), 17);
  for (const token of [
    'x',
    tokenOf(-1),
    Buffer.from('{"offset":"1"}').toString('base64'),
    Buffer.from('null').toString('base64'),
  ]) {
    assert.throws(() => offsetOf(token), isUsage, token);
  }
});
