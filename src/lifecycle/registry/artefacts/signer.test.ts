import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { hasCode, seededBytes, writeAll } from '../../../base/index.ts';
import { openSigner } from './signer.ts';

test('the key is made once, private, and others can check with its public half', () => {
  const fs = new SimFileSystem();
  const signer = openSigner(fs, '/k', seededBytes(1));
  const again = openSigner(fs, '/k', seededBytes(2));
  assert.equal(again.keyId, signer.keyId);
  assert.equal(fs.lstat('/k/signing-key.pem').mode & 0o777, 0o600);
  const signature = signer.sign('message');
  assert.ok(again.verify('message', signature));
  assert.ok(!again.verify('massage', signature));
  assert.ok(verify(null, Buffer.from('message'), createPublicKey(signer.publicPem()), signature));
  assert.notEqual(openSigner(fs, '/other', seededBytes(2)).keyId, signer.keyId);
});

test('a key that others may read, or that is none, is refused', () => {
  const fs = new SimFileSystem();
  openSigner(fs, '/k', seededBytes(1));
  fs.chmod('/k/signing-key.pem', 0o640);
  assert.throws(
    () => openSigner(fs, '/k', seededBytes(1)),
    (error) => hasCode(error, 'REFUSED'),
  );
  fs.chmod('/k/signing-key.pem', 0o600);
  const fd = fs.open('/k/signing-key.pem', 'truncate');
  writeAll(fs, fd, Buffer.from('-----BEGIN PRIVATE KEY-----'), 0);
  fs.close(fd);
  assert.throws(
    () => openSigner(fs, '/k', seededBytes(1)),
    (error) => hasCode(error, 'DAMAGED'),
  );
});
