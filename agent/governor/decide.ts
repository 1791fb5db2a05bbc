/**
 * The governor's judgement, as a pure function of what it remembers, what it sees and what could be served. Time stands in the
 * signals, on a clock that never jumps.
 *
 * Invariants: a pinned profile is left only where the board is about to kill; nothing goes up while anything is not calm; a sign
 * must press at two looks, but for memory that is about to run out and for limits, which are what they are.
 */
import { type Candidate, type Plan, worth } from './plan.js';
import type { Signals } from './signals.js';
import { type Cause, readSigns, type Sign, type Signs } from './signs.js';
import { settings } from './thresholds.js';
import { wayDown, wayOut, wayToChoice, wayUp } from './ways.js';

/** What is remembered between two looks. Times are of the signals' clock. */
export interface GovernorState {
  readonly lookedAtMs: number;
  /** Since when each cause has pressed without a break. */
  readonly pressingSinceMs: Readonly<Partial<Record<Cause, number>>>;
  readonly calmSinceMs: number | undefined;
  readonly changedAtMs: number;
  /** What the last change was for; undefined where a command made it, or none was made. */
  readonly changedFor: Cause | undefined;
  readonly holdOffMs: number;
  readonly upAtMs: number | undefined;
  /** The profile that had to be left soon after a step up to it: until then nothing as accurate is tried again. */
  readonly takenBack: { readonly profile: string; readonly untilMs: number } | undefined;
  readonly gaveBackAtMs: number | undefined;
  readonly queueDelayMs: number;
  /** The nearest memory limit, or the board's RAM; and when it last got smaller. */
  readonly memoryBytes: number | null;
  readonly tightenedAtMs: number | undefined;
  /** When a profile was last seen being cut beside the stream. */
  readonly cutAtMs: number | undefined;
}

export type Step =
  | { readonly kind: 'stay' /** What presses, where there is nothing lighter to go to. */; readonly stuck?: Sign }
  | { readonly kind: 'give-back'; readonly sign: Sign }
  | {
      readonly kind: 'move';
      readonly direction: 'down' | 'up';
      readonly to: string;
      readonly cause: Cause;
      readonly figures: Readonly<Record<string, number>>;
      /** In words, where figures don't say it. */
      readonly why?: string;
      /** The profile in force fits: it serves on until the other one is cut. */
      readonly unhurried?: boolean;
    };

const STAY: Step = { kind: 'stay' };

export function initialState(atMs: number): GovernorState {
  return {
    lookedAtMs: atMs,
    pressingSinceMs: {},
    calmSinceMs: undefined,
    changedAtMs: atMs,
    changedFor: undefined,
    holdOffMs: settings.holdOffMs.value,
    upAtMs: undefined,
    takenBack: undefined,
    gaveBackAtMs: undefined,
    queueDelayMs: 0,
    memoryBytes: null,
    tightenedAtMs: undefined,
    cutAtMs: undefined,
  };
}

export interface Decision {
  readonly state: GovernorState;
  readonly step: Step;
}

/** One look: what to do, and what to remember. A move is taken as done; `notMoved` corrects that where it failed. */
export function decide(before: GovernorState, signals: Signals, plan: Plan): Decision {
  const { atMs } = signals;
  const signs = readSigns(signals, draining(before, signals));
  const state = remember(before, signals, signs);
  const pinned = plan.pinned?.profile === plan.current.profile;

  const out = plan.unfit !== undefined && !pinned ? wayOut(plan) : undefined;
  const to = out ?? (isTightened(state) ? wayToChoice(plan) : undefined);
  if (to) {
    const direction = worth(to) > worth(plan.current) ? 'up' : 'down';
    const why = out ? plan.unfit : `less memory is allowed, and ${to.profile} is the choice under it`;
    const step = {
      kind: 'move',
      direction,
      to: to.profile,
      cause: 'limits',
      figures: {},
      why,
      unhurried: !out,
    } as const;
    return moved(state, plan, step);
  }
  const sign = signs.pressing.find((each) => isDue(state, each, signs, atMs));
  if (sign) return answerTo(sign, state, signals, plan, signs.critical, pinned);
  const up = riseOf(state, signals, plan);
  if (up)
    return moved(state, plan, {
      kind: 'move',
      direction: 'up',
      to: up.profile,
      cause: 'calm',
      figures: { calmMs: Math.round(atMs - (state.calmSinceMs ?? atMs)) },
    });
  return { state, step: STAY };
}

/** The state where a move could not be made: the profile is as it was, and the next look may try another. */
export function notMoved(before: GovernorState, atMs: number): GovernorState {
  return { ...before, changedAtMs: atMs };
}

/** The state where a move is put off: what was seen stays seen. */
export function putOff(before: GovernorState, after: GovernorState): GovernorState {
  const { changedAtMs, changedFor, upAtMs, holdOffMs, calmSinceMs, takenBack } = before;
  return { ...after, changedAtMs, changedFor, upAtMs, holdOffMs, calmSinceMs, takenBack };
}

/** The state after a change that others made: what was seen before says nothing of it. */
export function changedByOthers(before: GovernorState, atMs: number): GovernorState {
  return {
    ...before,
    pressingSinceMs: {},
    calmSinceMs: undefined,
    changedAtMs: atMs,
    changedFor: undefined,
    upAtMs: undefined,
  };
}

/** A queue that gets shorter by a tenth of the time that passes will be empty without our help. */
function draining(before: GovernorState, { atMs, queueDelayMs }: Signals): boolean {
  return queueDelayMs < before.queueDelayMs - 0.1 * (atMs - before.lookedAtMs);
}

/** Whether the memory limit got smaller just now: the choice under it may come a little later than the limit, and has to be cut. */
function isTightened({ tightenedAtMs, lookedAtMs }: GovernorState): boolean {
  return tightenedAtMs !== undefined && lookedAtMs - tightenedAtMs <= settings.tightenedMs.value;
}

function remember(before: GovernorState, signals: Signals, { pressing, calm }: Signs): GovernorState {
  const { atMs, queueDelayMs, memoryBytes, cutting } = signals;
  const isSmaller = memoryBytes !== null && before.memoryBytes !== null && memoryBytes < before.memoryBytes;
  const gap = atMs - before.lookedAtMs > settings.gapMs.value;
  const since = gap ? {} : before.pressingSinceMs;
  return {
    ...before,
    lookedAtMs: atMs,
    queueDelayMs,
    memoryBytes,
    tightenedAtMs: isSmaller || (cutting && isTightened(before)) ? atMs : before.tightenedAtMs,
    cutAtMs: cutting ? atMs : before.cutAtMs,
    pressingSinceMs: Object.fromEntries(pressing.map(({ cause }) => [cause, since[cause] ?? atMs])),
    calmSinceMs: calm ? ((gap ? undefined : before.calmSinceMs) ?? atMs) : undefined,
  };
}

/** Whether a sign has pressed long enough, and long enough after the last change. */
function isDue(state: GovernorState, { cause }: Sign, { critical }: Signs, atMs: number): boolean {
  if (critical && cause === 'memory') return true;
  const { changedFor, changedAtMs, cutAtMs } = state;
  // What cuts takes memory for a few seconds, and pushes mapped weights out: that says nothing of the profile in force.
  if (cause === 'memory' && cutAtMs !== undefined && atMs - cutAtMs < settings.settleMs.value) return false;
  const heated = (one: Cause | undefined) => one === 'heat' || one === 'throttled';
  const since = state.pressingSinceMs[cause] ?? atMs;
  // A change has to show what it brought to what it was for; a step up, or one by command, was for nothing that presses.
  const settledMs = heated(cause)
    ? heated(changedFor)
      ? settings.heatSettleMs.value
      : 0
    : changedFor === undefined || changedFor === 'calm' || heated(changedFor)
      ? 0
      : settings.settleMs.value;
  const settled = atMs - changedAtMs >= settledMs;
  return settled && atMs - since >= settings.confirmMs.value;
}

function answerTo(
  sign: Sign,
  state: GovernorState,
  signals: Signals,
  plan: Plan,
  critical: boolean,
  pinned: boolean,
): Decision {
  const { atMs } = signals;
  const dire = sign.cause === 'memory' && critical;
  const to = pinned && !dire ? undefined : wayDown(plan, sign, signals);
  const lately = state.gaveBackAtMs !== undefined && atMs - state.gaveBackAtMs < settings.giveBackEveryMs.value;
  if (sign.cause === 'memory' && !lately && !(dire && to))
    return { state: { ...state, gaveBackAtMs: atMs }, step: { kind: 'give-back', sign } };
  if (!to) return { state, step: { kind: 'stay', stuck: sign } };
  const { cause, figures } = sign;
  return moved(state, plan, { kind: 'move', direction: 'down', to: to.profile, cause, figures });
}

/** What to go up to, once all has been calm for long enough. */
function riseOf(state: GovernorState, signals: Signals, plan: Plan): Candidate | undefined {
  const { calmSinceMs, changedAtMs, holdOffMs, takenBack } = state;
  if (calmSinceMs === undefined || signals.atMs - Math.max(calmSinceMs, changedAtMs) < holdOffMs) return undefined;
  return wayUp(plan, signals, takenBack && signals.atMs < takenBack.untilMs ? takenBack.profile : undefined);
}

function moved(state: GovernorState, { current }: Plan, step: Extract<Step, { kind: 'move' }>): Decision {
  const atMs = state.lookedAtMs;
  const sinceUpMs = state.upAtMs === undefined ? Number.POSITIVE_INFINITY : atMs - state.upAtMs;
  const takenBackMs = settings.takenBackMs.value;
  const soon = sinceUpMs < takenBackMs;
  const next = { ...state, changedAtMs: atMs, changedFor: step.cause, calmSinceMs: undefined };
  if (step.direction === 'up') return { state: { ...next, upAtMs: atMs }, step };
  const holdOffMs = soon
    ? Math.min(2 * state.holdOffMs, settings.longestHoldOffMs.value)
    : state.upAtMs === undefined
      ? state.holdOffMs
      : settings.holdOffMs.value;
  const takenBack = soon ? { profile: current.profile, untilMs: atMs + takenBackMs } : state.takenBack;
  return { state: { ...next, holdOffMs, takenBack, upAtMs: undefined }, step };
}
