import type { Clock } from '../base/index.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. */
const ECHO_MS = 1000;

/** What an interruption needs of the process. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/**
 * Turns signals into an abort. The first asks the command to stop, clean up and release its locks; one more within a
 * second counts as the same; after that the user means it and `giveUp` is called. SIGHUP is none where `takesHangup`
 * answers that someone else takes it. Returns what stops listening.
 */
export function watchSignals(
  source: SignalSource,
  deps: { controller: AbortController; clock: Clock; giveUp: () => void; takesHangup?: () => boolean },
): () => void {
  const { controller, clock, giveUp } = deps;
  let firstMs: number | undefined;
  let count = 0;
  const listener = (): void => {
    count += 1;
    firstMs ??= clock.nowMs();
    controller.abort();
    const isEcho = count === 2 && clock.nowMs() - firstMs < ECHO_MS;
    if (count > 1 && !isEcho) giveUp();
  };
  const listeners = SIGNALS.map((signal) => ({
    signal,
    listen: (): void => {
      if (signal !== 'SIGHUP' || deps.takesHangup?.() !== true) listener();
    },
  }));
  for (const { signal, listen } of listeners) source.on(signal, listen);
  return () => {
    for (const { signal, listen } of listeners) source.off(signal, listen);
  };
}
