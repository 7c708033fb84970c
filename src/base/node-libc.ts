import { createRequire } from 'node:module';
import type { FsPath, Xattr } from './file-system.ts';

/**
 * The few calls Node does not offer (extended attributes, device nodes), through libc by the optional
 * package `koffi`. Without it, or where the C library has other names (macOS), they answer ENOTSUP and the
 * store reports what it could not keep.
 */
export interface Libc {
  listXattrs(path: FsPath): Xattr[];
  setXattr(path: FsPath, attribute: Xattr): void;
  makeNode(path: FsPath, mode: number, deviceNumber: bigint): void;
}

type Call = (...args: unknown[]) => number;
interface Koffi {
  load(path: null): { func(signature: string): Call };
  errno(): number;
  os: { errno: Record<string, number> };
}

const MAX_XATTR_LIST_BYTES = 65536;
const MAX_XATTR_VALUE_BYTES = 65536;

/** A libc error in the shape Node's own file calls throw. */
function errnoError(koffi: Koffi, call: string, path: FsPath): Error {
  const errno = koffi.errno();
  const word = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? 'EIO';
  return notSupported(call, path, word);
}

function notSupported(call: string, path: FsPath, code = 'ENOTSUP'): Error {
  return Object.assign(new Error(`${code}: ${call} '${path.toString()}'`), { code, syscall: call });
}

const unsupported: Libc = {
  listXattrs: (path) => {
    // Not ENOTSUP, which says that the file system has none: here nobody can tell.
    throw notSupported('listxattr', path, 'ENOSYS');
  },
  setXattr: (path) => {
    throw notSupported('setxattr', path);
  },
  makeNode: (path) => {
    throw notSupported('mknod', path);
  },
};

const zero = Buffer.from([0]);

/** A C string. A zero byte inside would make libc act on another, shorter name. */
function terminated(text: FsPath): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.includes(0)) throw notSupported('a name with a zero byte', text, 'EINVAL');
  return Buffer.concat([bytes, zero]);
}

function bind(koffi: Koffi): Libc {
  const libc = koffi.load(null);
  const list = libc.func('long llistxattr(const uint8_t *path, _Out_ uint8_t *list, unsigned long size)');
  const get = libc.func(
    'long lgetxattr(const uint8_t *path, const uint8_t *name, _Out_ uint8_t *value, unsigned long size)',
  );
  const set = libc.func(
    'int lsetxattr(const uint8_t *path, const uint8_t *name, const uint8_t *value, unsigned long size, int flags)',
  );
  const mknod = libc.func('int mknod(const uint8_t *path, unsigned int mode, unsigned long dev)');
  const fail = (call: string, path: FsPath): never => {
    throw errnoError(koffi, call, path);
  };

  const read = (path: FsPath, raw: Buffer, name: Buffer): Xattr => {
    const value = Buffer.alloc(MAX_XATTR_VALUE_BYTES);
    const length = get(raw, terminated(name), value, value.length);
    if (length < 0) fail('lgetxattr', path);
    return { name: Buffer.from(name), value: Buffer.from(value.subarray(0, length)) };
  };

  return {
    listXattrs(path) {
      const raw = terminated(path);
      // Asking for the size first costs half of handing over a buffer, and nearly every file has none.
      const size = list(raw, null, 0);
      if (size < 0) fail('llistxattr', path);
      if (size === 0) return [];
      const names = Buffer.alloc(MAX_XATTR_LIST_BYTES);
      const length = list(raw, names, names.length);
      if (length < 0) fail('llistxattr', path);
      return splitNames(names.subarray(0, length))
        .sort(Buffer.compare)
        .map((name) => read(path, raw, name));
    },
    setXattr(path, { name, value }) {
      if (set(terminated(path), terminated(name), value, value.length, 0) < 0) fail('lsetxattr', path);
    },
    makeNode(path, mode, deviceNumber) {
      if (mknod(terminated(path), mode, deviceNumber) < 0) fail('mknod', path);
    },
  };
}

function splitNames(list: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let start = 0;
  for (let end = list.indexOf(0); end >= 0; end = list.indexOf(0, start)) {
    names.push(list.subarray(start, end));
    start = end + 1;
  }
  return names;
}

/** The bound calls, or a stand-in that answers ENOTSUP. */
export function loadLibc(): Libc {
  if (process.platform !== 'linux') return unsupported;
  try {
    return bind(createRequire(import.meta.url)('koffi') as Koffi);
  } catch {
    // koffi is optional: its absence is not an error, and each call it would have served says so itself.
    return unsupported;
  }
}
