import assert from 'node:assert/strict';
import type { FileKind } from '../../src/base/index.ts';
import { type Check, fails, range, type Scratch, unsupported } from './file-system-subject.ts';

/** What a platform without the call, or a user without the right, answers. */
const NOT_HERE = ['ENOTSUP', 'EPERM'];
const MICROSECOND_NS = 1000n;
const TIMES_NS = [
  0n,
  1n,
  999_999_999n,
  1_700_000_000_123_456_789n,
  -1_500_000_001n,
  4_000_000_000_999_999_999n,
];

const inodes: readonly Check[] = [
  [
    'lstat and stat agree',
    (s) => {
      s.put(s.at('f'), 'abc');
      const named = s.fs.lstat(s.at('f'));
      assert.deepEqual(
        s.using(s.fs.open(s.at('f'), 'read'), (fd) => s.fs.stat(fd)),
        named,
      );
      assert.deepEqual([named.kind, named.sizeBytes, named.links, named.deviceNumber], ['file', 3, 1, 0n]);
    },
  ],
  [
    'a new file is private, and so is a new directory',
    (s) => {
      s.put(s.at('f'));
      s.fs.makeDirectory(s.at('d'));
      assert.equal(s.fs.lstat(s.at('f')).mode, 0o600);
      assert.equal(s.fs.lstat(s.at('d')).mode, 0o700);
      s.fs.close(s.fs.open(s.at('open'), 'create', 0o400));
      assert.equal(s.fs.lstat(s.at('open')).mode, 0o400);
    },
  ],
  [
    'chmod sets all twelve bits and follows a link',
    (s) => {
      s.put(s.at('f'));
      s.fs.symlink(Buffer.from('f'), s.at('l'));
      for (const mode of [0o4755, 0o1777, 0o600]) {
        s.fs.chmod(s.at('l'), mode);
        assert.equal(s.fs.lstat(s.at('f')).mode, mode);
      }
    },
  ],
  [
    'lchown takes set-id bits away from a file, so the mode has to be set after the owner',
    (s, t) => {
      s.put(s.at('f'));
      const { uid, gid } = s.fs.lstat(s.at('f'));
      s.fs.chmod(s.at('f'), 0o6755);
      if (unsupported(t, NOT_HERE, () => s.fs.lchown(s.at('f'), uid, gid))) return;
      const after = s.fs.lstat(s.at('f'));
      assert.deepEqual([after.uid, after.gid, after.mode], [uid, gid, 0o755]);
    },
  ],
];

const times: readonly Check[] = [
  [
    'setMtime is exact to a microsecond, also before 1970 and after 2038, on every kind',
    (s) => {
      s.put(s.at('f'));
      s.fs.makeDirectory(s.at('d'));
      s.fs.symlink(Buffer.from('none'), s.at('l'));
      for (const name of ['f', 'd', 'l']) {
        for (const wanted of TIMES_NS) {
          s.fs.setMtime(s.at(name), wanted);
          const off = s.fs.lstat(s.at(name)).mtimeNs - wanted;
          assert.ok(off <= MICROSECOND_NS && off >= -MICROSECOND_NS, `${name}: ${off} ns off at ${wanted}`);
        }
      }
    },
  ],
  [
    'a write changes the time of the file, a new name that of its directory',
    (s) => {
      s.put(s.at('f'));
      s.fs.setMtime(s.at('f'), 0n);
      s.fs.setMtime(s.root, 0n);
      s.using(s.fs.open(s.at('f'), 'update'), (fd) => s.fs.write(fd, Buffer.from('x'), range(0, 1, 0)));
      assert.notEqual(s.fs.lstat(s.at('f')).mtimeNs, 0n);
      assert.equal(s.fs.lstat(s.root).mtimeNs, 0n);
      s.put(s.at('g'));
      assert.notEqual(s.fs.lstat(s.root).mtimeNs, 0n);
    },
  ],
];

const attribute = (name: string, value: string | Buffer): { name: Buffer; value: Buffer } => ({
  name: Buffer.from(name),
  value: Buffer.from(value),
});

const attributes: readonly Check[] = [
  [
    'extended attributes come back in name order, and setting one again replaces it',
    (s, t) => {
      s.put(s.at('f'));
      const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const set = (): void => s.fs.setXattr(s.at('f'), attribute('user.b', 'old'));
      if (unsupported(t, ['ENOTSUP'], set)) return;
      s.fs.setXattr(s.at('f'), attribute('user.a', binary));
      s.fs.setXattr(s.at('f'), attribute('user.c', ''));
      s.fs.setXattr(s.at('f'), attribute('user.b', 'new'));
      assert.deepEqual(s.fs.listXattrs(s.at('f')), [
        attribute('user.a', binary),
        attribute('user.b', 'new'),
        attribute('user.c', ''),
      ]);
      fails('ENOENT', () => s.fs.listXattrs(s.at('none')));
      fails('ENOTSUP', () => s.fs.setXattr(s.at('f'), attribute('nonsense', 'x')));
    },
  ],
  [
    'attributes belong to the link, not to what it leads to, and links take no user ones',
    (s, t) => {
      s.fs.makeDirectory(s.at('d'));
      s.fs.symlink(Buffer.from('d'), s.at('l'));
      if (unsupported(t, ['ENOTSUP'], () => s.fs.setXattr(s.at('d'), attribute('user.a', '1')))) return;
      assert.deepEqual(s.fs.listXattrs(s.at('l')), []);
      fails('EPERM', () => s.fs.setXattr(s.at('l'), attribute('user.a', '1')));
      assert.equal(s.fs.listXattrs(s.at('d')).length, 1);
    },
  ],
];

function makes(s: Scratch, kind: FileKind, deviceNumber: bigint): void {
  s.fs.makeNode(s.at(kind), { kind, mode: 0o600, deviceNumber });
  const stat = s.fs.lstat(s.at(kind));
  assert.deepEqual([stat.kind, stat.mode, stat.deviceNumber], [kind, 0o600, deviceNumber]);
}

const nodes: readonly Check[] = [
  [
    'makeNode makes a FIFO, which opens without waiting',
    (s, t) => {
      if (unsupported(t, NOT_HERE, () => makes(s, 'fifo', 0n))) return;
      s.using(s.fs.open(s.at('fifo'), 'read'), (fd) => {
        assert.equal(s.fs.stat(fd).kind, 'fifo');
        assert.equal(s.fs.read(fd, Buffer.alloc(1), range(0, 1, -1)), 0);
        fails('ESPIPE', () => s.fs.read(fd, Buffer.alloc(1), range(0, 1, 0)));
      });
      fails('EEXIST', () => s.fs.makeNode(s.at('fifo'), { kind: 'fifo', mode: 0o600, deviceNumber: 0n }));
    },
  ],
  [
    'makeNode makes character and block devices',
    (s, t) => {
      if (unsupported(t, NOT_HERE, () => makes(s, 'character-device', 0x103n))) return;
      makes(s, 'block-device', 0x701n);
    },
  ],
];

export const metadataChecks: readonly Check[] = [...inodes, ...times, ...attributes, ...nodes];
