/** What the governor is made of and what it tells: the agent hands the one in and takes the other. */
import type { HotSwap } from '../hot-swap.js';
import type { Log } from '../log.js';
import type { Profiles } from '../profiles/index.js';
import type { StreamLoad } from '../stream-meter.js';
import type { Beginning } from './beginning.js';
import type { BoardView } from './board.js';
import type { GivenBack } from './give-back.js';
import type { LastRun } from './last-run.js';
import type { Choice } from './plan.js';
import type { PressureReading } from './signals.js';

export interface GovernorParts {
  readonly board: BoardView;
  /** Limits and choice as they were when the first profile was loaded. */
  readonly limits: object;
  readonly choice: Choice;
  readonly beginning: Beginning;
  /** The configuration's `profile`. */
  readonly configured: string;
  /** The bundle's identity. */
  readonly bundle: string;
  /** `limits.maxLatencyMs`. */
  readonly targetMs: number | null;
  /** Anonymous memory of the process before a model was loaded. */
  readonly baseAnonBytes: number | null;
  readonly profiles: Pick<Profiles, 'ladder' | 'isReady' | 'prepare'>;
  readonly swap: Pick<HotSwap, 'model' | 'to'>;
  readonly readPressure: () => PressureReading;
  readonly stream: () => StreamLoad;
  /** Major page faults of this process so far. */
  readonly majorFaults: () => number;
  readonly giveBack: () => Promise<GivenBack>;
  readonly lastRun: Pick<LastRun, 'write'>;
  /** A clock for durations: it never jumps. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  readonly onEvent: (kind: string, message: string, fields: Record<string, unknown>) => void;
  /** Profile, reason or wish are no longer what `info` said. */
  readonly onStatus: () => void;
}

/** For `info`. */
export interface GovernorStatus {
  readonly profile: string;
  readonly reason: string;
  /** `auto`, or the profile that is pinned. */
  readonly wish: string;
  readonly limits: object;
}
