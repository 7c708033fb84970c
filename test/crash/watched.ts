import type { FileSystem } from '../../src/base/index.ts';

type Method = (...args: unknown[]) => unknown;

export interface Watch {
  /** Calls on this path and below are told. */
  readonly below: string;
  /** Told of a call, as `name path`, before it is made. What it throws, the caller of the file system gets. */
  readonly onCall: (call: string, number: number) => void;
}

/** A file system that tells of its calls, so that something can happen between any two of them. */
export function watched<T extends FileSystem>(fs: T, { below, onCall }: Watch): T {
  const paths = new Map<unknown, string>();
  let calls = 0;
  return new Proxy(fs, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        const path = typeof args[0] === 'number' ? (paths.get(args[0]) ?? '') : String(args[0]);
        if (path === below || path.startsWith(`${below}/`)) {
          calls += 1;
          onCall(`${String(name)} ${path}`, calls);
        }
        const result = Reflect.apply(method as Method, target, args);
        if (name === 'open') paths.set(result, path);
        return result;
      };
    },
  });
}

/** A file system with some methods replaced. */
export function replaced(fs: FileSystem, methods: Partial<FileSystem>): FileSystem {
  return new Proxy(fs, {
    get(target, name) {
      const own = methods[name as keyof FileSystem];
      if (own !== undefined) return own;
      const method = Reflect.get(target, name) as unknown;
      return typeof method === 'function' ? (method as Method).bind(target) : method;
    },
  });
}
