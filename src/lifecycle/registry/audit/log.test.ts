import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { hasCode, ManualClock, seededBytes } from '../../../base/index.ts';
import { openSigner } from '../artefacts/signer.ts';
import type { Sql } from '../state/port.ts';
import { SqliteState } from '../state/sqlite-state.ts';
import { AuditLog } from './log.ts';

const signer = openSigner(new SimFileSystem(), '/k', seededBytes(1));
const ENTRIES = 6;

async function filled(): Promise<{ state: SqliteState; log: AuditLog }> {
  const clock = new ManualClock();
  const state = new SqliteState({ path: ':memory:', clock });
  const log = new AuditLog(state, signer, clock);
  for (let i = 1; i <= ENTRIES; i += 1) {
    clock.advance(10);
    const draft = { action: 'tag.set', subject: `m/${i % 2}`, before: null, after: { i } };
    await state.write((sql) => log.append(sql, draft, { actor: 'ann', reason: 'why not' }));
  }
  return { state, log };
}

test('entries come back in order, by subject and from a place on', async () => {
  const { log } = await filled();
  assert.deepEqual(await log.verify().then(({ entries }) => entries), ENTRIES);
  assert.deepEqual(
    (await log.entries({ after: 2, subject: 'm/1' })).map(({ seq, after }) => [seq, after]),
    [
      [3, { i: 3 }],
      [5, { i: 5 }],
    ],
  );
  assert.equal((await log.entries({ limit: 2 })).length, 2);
  assert.equal(
    (await new AuditLog(new SqliteState({ path: ':memory:' }), signer, new ManualClock()).verify()).entries,
    0,
  );
});

const CHANGES: Readonly<Record<string, string>> = {
  'the time': 'UPDATE audit SET time_ms = time_ms + 1 WHERE seq = 3',
  'the actor': "UPDATE audit SET actor = 'eve' WHERE seq = 3",
  'the action': "UPDATE audit SET action = 'x' WHERE seq = 3",
  'the subject': "UPDATE audit SET subject = 'x' WHERE seq = 3",
  'the reason': "UPDATE audit SET reason = '' WHERE seq = 3",
  'what was before': "UPDATE audit SET before = '1' WHERE seq = 3",
  'what is after': "UPDATE audit SET after = '1' WHERE seq = 3",
  'what is after, to what is no JSON': "UPDATE audit SET after = '{' WHERE seq = 3",
  'the hash': "UPDATE audit SET hash = 'x' WHERE seq = 3",
  'the last entry': "UPDATE audit SET actor = 'eve' WHERE seq = 6",
  'removed the first': 'DELETE FROM audit WHERE seq = 1',
  'removed one in between': 'DELETE FROM audit WHERE seq = 3',
  'removed the last': 'DELETE FROM audit WHERE seq = 6',
  'removed all': 'DELETE FROM audit',
  'removed one and closed the gap':
    'DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = seq - 1 WHERE seq > 3',
  'put two the other way round':
    'UPDATE audit SET seq = 100 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 100',
  'added one before the first':
    'INSERT INTO audit SELECT 0, time_ms, actor, action, subject, reason, before, after, hash FROM audit WHERE seq = 1',
  'added a copy at the end':
    'INSERT INTO audit SELECT 7, time_ms, actor, action, subject, reason, before, after, hash FROM audit WHERE seq = 6',
  'removed the head': 'DELETE FROM audit_head',
  'removed the last, and moved the head back':
    'DELETE FROM audit WHERE seq = 6; UPDATE audit_head SET seq = 5, hash = (SELECT hash FROM audit WHERE seq = 5)',
  'removed everything but a head of its own': "DELETE FROM audit; UPDATE audit_head SET seq = 0, hash = ''",
};

for (const [what, statements] of Object.entries(CHANGES)) {
  test(`it is found out who changed ${what}`, async () => {
    const { state, log } = await filled();
    await state.write(async (sql: Sql) => {
      for (const statement of statements.split('; ')) await sql.run(statement);
    });
    await assert.rejects(log.verify(), (error) => hasCode(error, 'TAMPERED'));
  });
}

test('it is said which entry it is', async () => {
  const cases = [
    ['DELETE FROM audit WHERE seq = 3', /entry 3 is not there/],
    ["UPDATE audit SET actor = 'eve' WHERE seq = 4", /entry 4 is not what was written/],
    ['DELETE FROM audit WHERE seq = 6', /the log ends at entry 5, its head says 6/],
    ['UPDATE audit_head SET signature = zeroblob(64)', /not signed by the key/],
  ] as const;
  for (const [statement, message] of cases) {
    const { state, log } = await filled();
    await state.write((sql) => sql.run(statement));
    await assert.rejects(log.verify(), message);
  }
});

test('a whole chain made anew needs the key', async () => {
  const { state } = await filled();
  const other = openSigner(new SimFileSystem(), '/k', seededBytes(2));
  const forged = new AuditLog(state, other, new ManualClock());
  await state.write(async (sql) => {
    for (const table of ['audit', 'audit_head']) await sql.run(`DELETE FROM ${table}`);
    await forged.append(sql, { action: 'x', subject: 'y', before: null, after: null }, {});
  });
  await forged.verify();
  await assert.rejects(new AuditLog(state, signer, new ManualClock()).verify(), /not signed by the key/);
});

test('an actor and a reason have limits, and a refused entry undoes its change', async () => {
  const { state, log } = await filled();
  const draft = { action: 'a', subject: 's', before: null, after: null };
  for (const change of [{ actor: '' }, { actor: 'x'.repeat(257) }, { reason: 'x'.repeat(2001) }]) {
    const write = state.write(async (sql) => {
      await sql.run('DELETE FROM audit WHERE seq = 1');
      await log.append(sql, draft, change);
    });
    await assert.rejects(write, (error) => hasCode(error, 'USAGE'));
  }
  assert.equal((await log.verify()).entries, ENTRIES);
});
