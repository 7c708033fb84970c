import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseStrictJson } from './strict-json.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }), fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      assert.deepEqual(parseStrictJson(bytes(text), 5), JSON.parse(text));
    }),
  );
});

test('one key twice in one object is refused, however it is written', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '[{"b":{"a":1 , "\\u0061" :2}}]',
    '{"":0,"":0}',
    '{"\\\\":1,"\\u005c":1}',
  ]) {
    assert.throws(() => parseStrictJson(bytes(text), 9), { code: 'DAMAGED' }, text);
  }
});

test('one key in several objects, and as a value, is fine', () => {
  const text = '{"a":{"a":"a"},"b":["a","a",{"a":1},{"a":2}],"c":"{\\"a\\":1,\\"a\\":2}"}';
  assert.deepEqual(parseStrictJson(bytes(text), 9), JSON.parse(text));
  const quoted = '{"a":"\\",\\"a\\":"}';
  assert.deepEqual(parseStrictJson(bytes(quoted), 9), { a: '","a":' });
});

test('depth is counted in brackets', () => {
  assert.deepEqual(parseStrictJson(bytes('[{"a":[]}, "]]["]'), 3), [{ a: [] }, ']][']);
  assert.throws(() => parseStrictJson(bytes('[{"a":[[]]}]'), 3), { code: 'LIMIT' });
  const deep = 200_000;
  const abyss = bytes('['.repeat(deep) + ']'.repeat(deep));
  assert.throws(() => parseStrictJson(abyss, 100), { name: 'PilotfishError' });
});

test('bytes that are no UTF-8 or no JSON are refused', () => {
  for (const text of ['', '{', '{"a"}', '\ufeff{}', 'NaN', '[1,]', "{'a':1}"]) {
    assert.throws(() => parseStrictJson(bytes(text), 9), { code: 'DAMAGED' }, text);
  }
  assert.throws(() => parseStrictJson(Uint8Array.of(34, 0xff, 34), 9), { code: 'DAMAGED' });
});
