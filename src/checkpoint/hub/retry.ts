/** Trying again what may succeed later, with growing pauses that differ from machine to machine. */
import { SnugError } from '../../errors/index.js';

/** How often and how patiently to try; time and chance are handed in. */
export interface Patience {
  /** Tries without progress before giving up. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  wait(ms: number): Promise<void>;
  /** From 0, below 1. */
  random(): number;
}

export const defaultPatience: Patience = {
  attempts: 5,
  firstDelayMs: 500,
  longestDelayMs: 30_000,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
};

/** A failure that may pass: the line was cut, the server is busy. */
export class TransientFailure extends Error {
  constructor(
    message: string,
    readonly details: {
      readonly cause?: unknown;
      /** When the server asked to be tried again. */
      readonly retryAfterMs?: number;
      /** Whether this try brought new bytes; the count of tries then starts anew. */
      readonly progressed?: boolean;
    } = {},
  ) {
    super(message, { cause: details.cause });
  }
}

/** Runs `attempt` until it succeeds, fails for good, or fails `attempts` times without progress (HUB_UNREACHABLE). */
export async function persist<Result>(patience: Patience, attempt: () => Promise<Result>): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransientFailure)) throw error;
      if (error.details.progressed) failures = 1;
      if (failures >= patience.attempts) {
        throw new SnugError('HUB_UNREACHABLE', `${error.message} (tried ${failures} times)`, { cause: error });
      }
      const asked = error.details.retryAfterMs ?? 0;
      const grown = patience.firstDelayMs * 2 ** (failures - 1) * (0.5 + patience.random() / 2);
      await patience.wait(Math.min(Math.max(asked, grown), patience.longestDelayMs));
    }
  }
}
