/** npm passes on what the terminal has sent to the whole group already: the same signal twice within a moment is one. */
const SAME_MS = 500;

const defaultSignals = ['SIGINT', 'SIGTERM'] as const;

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process as it would without us. */
export function untilStopped(signals: readonly NodeJS.Signals[] = defaultSignals): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stoppedAtMs: number | undefined;
    const stop = (signal: NodeJS.Signals) => {
      stoppedAtMs ??= performance.now();
      if (performance.now() - stoppedAtMs < SAME_MS) return resolve(signal);
      for (const each of signals) process.off(each, stop);
      process.kill(process.pid, signal);
    };
    for (const each of signals) process.on(each, stop);
  });
}
