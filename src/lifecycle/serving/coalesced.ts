/** Work that never runs beside itself: calls that come while it waits share one run, which begins after all of them. */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= running.then(() => {
      waiting = undefined;
      return work();
    });
    running = waiting.catch(() => {});
    return waiting;
  };
}
