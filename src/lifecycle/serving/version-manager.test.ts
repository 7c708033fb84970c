import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VersionManager, type VersionPolicy } from './version-manager.ts';

test('at first the listing is the history, oldest first', () => {
  const versions = new VersionManager();
  assert.equal(versions.list(['1', '2', '3']), undefined);
  assert.equal(versions.current, '3');
  assert.equal(versions.previous, '2');
});

test('two rollbacks go back two promotions, and no further than the first', () => {
  const versions = new VersionManager();
  versions.list(['1']);
  versions.promote('2');
  versions.promote('3');
  assert.equal(versions.rollback(), '2');
  assert.equal(versions.rollback(), '1');
  assert.throws(() => versions.rollback(), { code: 'MISSING' });
  assert.equal(versions.current, '1');
});

test('a version that was rolled back from does not return by itself; one never seen does', () => {
  const versions = new VersionManager();
  versions.list(['1', '2']);
  versions.rollback();
  assert.equal(versions.list(['1', '2']), undefined);
  assert.equal(versions.current, '1');
  assert.equal(versions.list(['1', '2', '3']), '3');
  assert.equal(versions.current, '1', 'it is current only when it has been promoted');
  versions.promote('2');
  assert.equal(versions.current, '2');
});

const SERVED: readonly (readonly [VersionPolicy, readonly string[]])[] = [
  ['latest', ['4']],
  [{ newest: 2 }, ['3', '4']],
  [{ newest: 9 }, ['1', '2', '3', '4']],
  ['all', ['1', '2', '3', '4']],
  [{ version: '2' }, ['2']],
];

for (const [policy, expected] of SERVED) {
  test(`under ${JSON.stringify(policy)} of four versions ${expected.join(', ')} may be asked for`, () => {
    const versions = new VersionManager(policy);
    versions.list(['1', '2', '3', '4']);
    assert.deepEqual(versions.served, expected);
    assert.equal(versions.current, expected.at(-1));
  });
}

test('the current version may be asked for however old it is', () => {
  const versions = new VersionManager({ newest: 1 });
  versions.list(['1', '2', '3']);
  versions.rollback();
  versions.rollback();
  assert.deepEqual(versions.served, ['1', '3']);
});

test('a fixed version stays: nothing else is promoted, nothing goes back', () => {
  const versions = new VersionManager({ version: '2' });
  versions.list(['1', '2']);
  assert.equal(versions.list(['1', '2', '3']), undefined);
  assert.throws(() => versions.promote('3'), { code: 'REFUSED', message: /version 2 is fixed/ });
  assert.throws(() => versions.rollback(), { code: 'MISSING' });
  assert.equal(versions.current, '2');
});

test('a fixed version that comes later is current then', () => {
  const versions = new VersionManager({ version: '3' });
  versions.list(['1']);
  assert.equal(versions.current, undefined);
  versions.list(['1', '3', '4']);
  assert.equal(versions.current, '3');
});

test('a source that chooses is followed, also back, but not against a fixed version', () => {
  const versions = new VersionManager();
  assert.equal(versions.list(['1', '2', '3'], '2'), undefined);
  assert.deepEqual([versions.current, versions.previous], ['2', '3']);
  assert.equal(versions.list(['1', '2', '3', '4'], '2'), undefined, 'what it has not chosen is not promoted');
  assert.equal(versions.list(['1', '2', '3', '4'], '1'), '1');
  assert.equal(versions.list(['1', '2', '3', '4'], '9'), undefined, 'there is no such version');
  const fixed = new VersionManager({ version: '3' });
  fixed.list(['1', '2', '3'], '1');
  assert.equal(fixed.current, '3');
  assert.equal(fixed.list(['1', '2', '3'], '2'), undefined);
});

test('a refused version makes way for the one before, and is not asked for', () => {
  const versions = new VersionManager('all');
  versions.list(['1', '2', '3']);
  versions.refuse('3');
  assert.equal(versions.current, '2');
  assert.deepEqual(versions.served, ['1', '2']);
  versions.refuse('2');
  versions.refuse('1');
  assert.equal(versions.current, undefined);
  versions.list(['1', '2', '3']);
  assert.equal(versions.current, '3', 'another listing is another chance');
});

test('refusing what lies between two promotions of the same version leaves one of them', () => {
  const versions = new VersionManager();
  versions.list(['1', '2']);
  versions.promote('1');
  versions.refuse('2');
  assert.equal(versions.current, '1');
  assert.equal(versions.previous, undefined);
});

test('a version that is gone from the source stays as long as a rollback may need it', () => {
  const versions = new VersionManager('all');
  versions.list(['1', '2']);
  versions.list(['2']);
  assert.ok(versions.isKnown('1'));
  assert.equal(versions.rollback(), '1');
});

test('what is no policy is refused', () => {
  for (const policy of ['newest', null, {}, { newest: 0 }, { newest: 1.5 }, { version: '../1' }]) {
    assert.throws(() => new VersionManager(policy as never), { code: 'USAGE' }, JSON.stringify(policy));
  }
});

type Step =
  | readonly ['promote' | 'refuse', string]
  | readonly ['rollback']
  | readonly ['list', readonly string[]];
const version = fc.constantFrom('1', '2', '3', '4', '5', '6');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant('promote' as const), version),
  fc.tuple(fc.constant('refuse' as const), version),
  fc.tuple(fc.constant('rollback' as const)),
  fc.tuple(fc.constant('list' as const), fc.uniqueArray(version)),
);
const policies = fc.constantFrom<VersionPolicy[]>('latest', 'all', { newest: 2 });

test('after any steps: the current version is served, a rollback undoes a promotion, nothing refused is served', () => {
  fc.assert(
    fc.property(policies, fc.array(step, { maxLength: 40 }), (policy, steps) => {
      const versions = new VersionManager(policy);
      const refused = new Set<string>();
      for (const [verb, argument] of steps) {
        if (verb === 'list') {
          versions.list(argument);
          refused.clear();
        } else if (verb === 'refuse') {
          versions.refuse(argument);
          refused.add(argument);
        } else if (verb === 'promote') {
          const before = versions.current;
          versions.promote(argument);
          refused.delete(argument);
          assert.equal(versions.current, argument);
          if (before !== undefined && before !== argument) assert.equal(versions.previous, before);
        } else if (versions.previous !== undefined) {
          const { previous } = versions;
          assert.equal(versions.rollback(), previous);
          assert.equal(versions.current, previous);
        }
        const { current, served } = versions;
        assert.ok(current === undefined || served.includes(current));
        assert.ok(served.every((each) => !refused.has(each) && versions.isKnown(each)));
        assert.notEqual(current ?? '', versions.previous);
        if (policy === 'latest') assert.ok(served.length <= 1);
      }
    }),
  );
});

test('what a source that chooses has taken back is not gone back to', () => {
  const versions = new VersionManager();
  versions.list(['1', '2', '3'], '3');
  assert.equal(versions.list(['1', '2'], '2'), '2');
  assert.equal(versions.current, '3', 'until the other is loaded');
  versions.promote('2');
  assert.deepEqual([versions.current, versions.previous], ['2', '1']);
  // Swapped in from elsewhere it was never the source's.
  versions.promote('own');
  assert.equal(versions.list(['1', '2', '3'], '3'), '3');
  versions.promote('3');
  assert.deepEqual([versions.current, versions.previous], ['3', 'own']);
});

test('nothing answers after a withdrawal, until a listing brings it again', () => {
  const versions = new VersionManager('all');
  versions.list(['1', '2'], '2');
  versions.withdraw();
  assert.deepEqual([versions.current, versions.previous, versions.served], [undefined, undefined, []]);
  assert.equal(versions.isKnown('2'), false);
  assert.equal(versions.list(['1', '2'], '1'), undefined);
  assert.equal(versions.current, '1');
});
