import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../base/index.ts';
import { BREAKER_DEFAULTS, Breaker } from './breaker.ts';

function opened(clock: ManualClock): Breaker {
  const breaker = new Breaker(clock);
  for (let i = 0; i < BREAKER_DEFAULTS.failures; i += 1) breaker.failure();
  assert.equal(breaker.state, 'open');
  return breaker;
}

test('five failures open it, one fewer does not; a success takes one back', () => {
  const breaker = new Breaker(new ManualClock());
  for (let i = 0; i < 4; i += 1) breaker.failure();
  assert.equal(breaker.state, 'closed');
  breaker.success();
  breaker.failure();
  assert.equal(breaker.state, 'closed');
  breaker.failure();
  assert.equal(breaker.state, 'open');
  assert.equal(breaker.opened, 1);
});

test('successes without failures are no credit', () => {
  const breaker = new Breaker(new ManualClock());
  for (let i = 0; i < 100; i += 1) breaker.success();
  for (let i = 0; i < 5; i += 1) breaker.failure();
  assert.equal(breaker.state, 'open');
});

test('it recovers by being asked: after the rest two good probes close it', () => {
  const clock = new ManualClock();
  const breaker = opened(clock);
  assert.equal(breaker.allows(), false);
  clock.advance(59_999);
  assert.equal(breaker.allows(), false);
  clock.advance(1);
  assert.equal(breaker.allows(), true);
  assert.equal(breaker.state, 'half-open');
  breaker.success();
  assert.equal(breaker.state, 'half-open');
  breaker.success();
  assert.equal(breaker.state, 'closed');
  for (let i = 0; i < 4; i += 1) breaker.failure();
  assert.equal(breaker.state, 'closed', 'the old failures are forgotten');
});

test('a failed probe doubles the rest, up to ten minutes; recovery makes it short again', () => {
  const clock = new ManualClock();
  const breaker = opened(clock);
  for (const restMs of [60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
    clock.advance(restMs - 1);
    assert.equal(breaker.allows(), false, `${restMs}`);
    clock.advance(1);
    assert.equal(breaker.allows(), true);
    breaker.failure();
    assert.equal(breaker.state, 'open');
  }
  clock.advance(600_000);
  breaker.allows();
  breaker.success();
  breaker.success();
  breaker.veto();
  clock.advance(60_000);
  assert.equal(breaker.allows(), true);
});

test('a probe between two good ones that fails opens it at once', () => {
  const clock = new ManualClock();
  const breaker = opened(clock);
  clock.advance(60_000);
  breaker.allows();
  breaker.success();
  breaker.failure();
  assert.equal(breaker.state, 'open');
});
