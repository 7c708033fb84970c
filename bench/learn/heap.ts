// How much a call adds to the heap.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const mostCalls = 20_000;
const tryMs = 500;
const tries = 3;

/** Bytes of heap a call adds, collected garbage not subtracted: the least of several tries, as others allocate too. */
export function heapPerCall(loop: (times: number) => number): number {
  const calls = Math.ceil(Math.min(mostCalls, (tryMs * 1e6) / loop(10)));
  loop(calls);
  const grown = Array.from({ length: tries }, () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    loop(calls);
    return (process.memoryUsage().heapUsed - before) / calls;
  });
  return Math.max(0, Math.min(...grown));
}
