// Which copy of the weights a run uses. The control block, written by ../weights.ts too:
//   0 current copy, 0 or 1, or -1 before the first load   64 1 + the copy a run reads, 0 between runs
//   4 and 8 where the copies lie
// A run says which copy it reads, then looks whether that copy is still current; whoever loads publishes first and
// then waits until no run reads the copy that it wants to overwrite. With sequentially consistent atomics one of
// the two always sees the other.

/** Where the current weights lie, marked as being read; 0 before the first load. */
// @ts-ignore: decorator
@inline
export function enter(control: usize): usize {
  let copy = atomic.load<i32>(control);
  if (copy < 0) return 0;
  for (;;) {
    atomic.store<i32>(control, copy + 1, 64);
    const now = atomic.load<i32>(control);
    if (now == copy) break;
    copy = now;
  }
  return load<usize>(control + (copy << 2), 4);
}

/** The run is over. */
// @ts-ignore: decorator
@inline
export function leave(control: usize): void {
  atomic.store<i32>(control, 0, 64);
}
