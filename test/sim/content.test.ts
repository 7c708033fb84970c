import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Content } from './disk/content.ts';

type Step =
  | { readonly kind: 'write'; readonly file: number; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly file: number; readonly sizeBytes: number }
  | { readonly kind: 'snapshot'; readonly file: number };

const file = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    file,
    position: fc.nat(40),
    bytes: fc.uint8Array({ maxLength: 30 }),
  }),
  fc.record({ kind: fc.constant('truncate' as const), file, sizeBytes: fc.nat(60) }),
  fc.record({ kind: fc.constant('snapshot' as const), file }),
);

/** The same in the plainest way: copies everything on every step. */
function plainStep(bytes: Buffer, change: Step): Buffer {
  if (change.kind === 'snapshot') return bytes;
  const empty = change.kind === 'write' && change.bytes.length === 0;
  const end = change.kind === 'write' ? change.position + change.bytes.length : change.sizeBytes;
  const grown = Buffer.alloc(change.kind === 'write' ? Math.max(bytes.length, empty ? 0 : end) : end);
  bytes.copy(grown);
  if (change.kind === 'write' && !empty) grown.set(change.bytes, change.position);
  return grown;
}

function whole(content: Content): Buffer {
  const out = Buffer.alloc(content.sizeBytes + 1);
  assert.equal(content.read(out, 0), content.sizeBytes);
  return out.subarray(0, content.sizeBytes);
}

function carryOut(change: Step, contents: Content[], plain: Buffer[]): void {
  const at = change.file % contents.length;
  const content = contents[at] as Content;
  plain[at] = plainStep(plain[at] as Buffer, change);
  if (change.kind === 'write') content.write(change.bytes, change.position);
  else if (change.kind === 'truncate') content.truncate(change.sizeBytes);
  else {
    contents.push(content.snapshot());
    plain.push(plain[at]);
  }
}

test('content and all its snapshots are what copying everything would give', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const contents = [new Content()];
      const plain = [Buffer.alloc(0)];
      for (const change of steps) carryOut(change, contents, plain);
      for (const [i, content] of contents.entries()) assert.ok(whole(content).equals(plain[i] as Buffer));
    }),
    { numRuns: 1000 },
  );
});
