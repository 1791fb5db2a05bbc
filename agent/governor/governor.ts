/**
 * The governor: looks at the board and the stream, decides, and moves along the ladder.
 *
 * Invariants: looks, moves and commands take turns, so that one of them at a time changes the profile; a profile that can't be
 * cut or loaded leaves the one in force in force; every change is told, with what it was for.
 */
import { messageOf } from '../../src/errors/index.js';
import type { SwapFigures } from '../hot-swap.js';
import { aboveCeiling, type Ceiling } from './beginning.js';
import { changedByOthers, decide, type GovernorState, initialState, notMoved, putOff, type Step } from './decide.js';
import type { GovernorParts, GovernorStatus } from './parts.js';
import type { Choice, Plan } from './plan.js';
import { planOf } from './plan.js';
import { requireFit } from './require-fit.js';
import { RunKeeper } from './run-keeper.js';
import { Sampler, type Signals } from './signals.js';
import { headroomMarks, type Sign } from './signs.js';
import { Standby } from './standby.js';
import { settings } from './thresholds.js';

type Move = Extract<Step, { kind: 'move' }>;

export class Governor {
  readonly #parts: GovernorParts;
  readonly #sampler: Sampler;
  readonly #standby: Standby;
  readonly #run: RunKeeper;
  readonly #stopping = new AbortController();
  readonly #startedMs: number;
  #state: GovernorState;
  #wish: string;
  #reason: string;
  #ceiling: Ceiling | undefined;
  #choice: Choice;
  #limits: object;
  #readAtMs: number;
  #signals: Signals | undefined;
  #textsPerSecond = 0;
  #overloadAtMs: number | undefined;
  #trouble: string | undefined;
  #loop: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: GovernorParts) {
    const { beginning, nowMs, profiles, log } = parts;
    this.#parts = parts;
    this.#startedMs = nowMs();
    this.#state = initialState(this.#startedMs);
    this.#sampler = new Sampler(parts);
    this.#standby = new Standby(profiles, nowMs, log);
    this.#run = new RunKeeper(parts);
    this.#wish = beginning.wish;
    this.#reason = beginning.reason;
    this.#ceiling = beginning.ceiling;
    this.#limits = parts.limits;
    this.#choice = parts.choice;
    this.#readAtMs = this.#startedMs;
  }

  /** Begins to look; keeps on disk that the agent runs. */
  start(): void {
    this.#keep();
    this.#loop ??= this.#looks();
  }

  /** Ends; the end was clean. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#standby.stop();
    await this.#loop;
    await this.#turn.catch(() => undefined);
    await this.#run.ended();
  }

  status(): GovernorStatus {
    const { profile } = this.#parts.swap.model;
    return { profile, reason: this.#reason, wish: this.#wish, limits: this.#limits };
  }

  /** The profile in force and those that it could be changed for. */
  candidates(): string[] {
    const { current, rungs } = this.#plan;
    return [...new Set([current, ...rungs].map(({ profile }) => profile))];
  }

  /** Whether memory allows a process with this profile beside the agent, or one that cuts. */
  hasRoomFor(what: string | 'cut'): boolean {
    const predicted = this.#choice.candidates.find((each) => each.profile === what)?.predicted;
    const needed = what === 'cut' ? settings.cutBytes.value : (predicted?.rssAnonBytes ?? 0);
    return this.#headroomBytes === null || this.#headroomBytes - needed >= this.#leastBytes;
  }

  /** Whether less memory is left than a step down waits for. */
  isShort(): boolean {
    return this.#headroomBytes !== null && this.#headroomBytes < this.#leastBytes;
  }

  get #headroomBytes(): number | null {
    return this.#signals?.headroomBytes ?? null;
  }

  get #leastBytes(): number {
    return headroomMarks(this.#signals?.memoryBytes ?? null).pressBytes;
  }

  get #plan(): Plan {
    return planOf(this.#choice, {
      current: this.#parts.swap.model.profile,
      ...(this.#wish !== 'auto' && { pinned: this.#wish }),
      barred: (each) => this.#standby.isBarred(each) || aboveCeiling(this.#choice, this.#ceiling)(each),
    });
  }

  /** Serves a profile and stays with it. @throws PROFILE_UNKNOWN, PROFILE_UNFIT, and what cutting and loading throw */
  pin(profile: string): Promise<SwapFigures | undefined> {
    return this.#exclusive(() => {
      this.#readLimits();
      requireFit(profile, this.#parts.profiles.ladder, this.#choice);
      return this.#become(profile, 'set by a command', profile);
    });
  }

  /** Leaves the choice to the governor again, and goes to what is chosen now. @throws what cutting and loading throw */
  auto(): Promise<SwapFigures | undefined> {
    return this.#exclusive(() => {
      this.#readLimits();
      const { profile, reason } = this.#choice.chosen;
      return this.#become(profile, `auto: ${reason}`, 'auto');
    });
  }

  /** What a command wants; whoever gives it knows what was killed for memory, so that counts no longer. */
  async #become(profile: string, reason: string, wish: string): Promise<SwapFigures | undefined> {
    const before = this.#parts.swap.model.profile;
    const figures = profile === before ? undefined : await this.#serve(profile, false);
    this.#reason = reason;
    this.#wish = wish;
    this.#ceiling = undefined;
    this.#state = changedByOthers(this.#state, this.#parts.nowMs());
    if (figures) this.#tellChange(before, profile, 'command', {}, figures, reason);
    else this.#parts.onStatus();
    this.#keep();
    return figures;
  }

  async #looks(): Promise<void> {
    const { sleep, log } = this.#parts;
    while (!this.#stopping.signal.aborted) {
      await sleep(settings.lookMs.value, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      try {
        await this.#exclusive(() => this.look());
        this.#trouble = undefined;
      } catch (error) {
        const trouble = messageOf(error);
        if (trouble !== this.#trouble) log.error(`the governor could not look: ${trouble}`);
        this.#trouble = trouble;
      }
    }
  }

  /** One look, and what follows from it. */
  async look(): Promise<void> {
    const { nowMs } = this.#parts;
    if (nowMs() - this.#readAtMs >= settings.limitsMs.value - settings.lookMs.value / 2) this.#readLimits();
    const { signals, pressure } = this.#sampler.take(this.#standby.isCutting);
    this.#signals = signals;
    this.#textsPerSecond += settings.rateWeight.value * (signals.arrivedPerSecond - this.#textsPerSecond);
    this.#run.saw(signals, pressure.oomKillCount);
    const plan = this.#plan;
    const before = this.#state;
    const { state, step } = decide(before, signals, plan);
    this.#state = state;
    if (step.kind === 'give-back') await this.#giveBack(step.sign);
    else if (step.kind === 'stay') {
      if (step.stuck) this.#tellOverload(step.stuck);
      else await this.#prepareAhead(plan, signals);
    } else if (await this.#canWait(step, signals)) {
      this.#state = putOff(before, state);
      await this.#standby.begin([step.to], this.#hasRoom(signals));
    } else if (!(await this.#move(step, plan))) this.#state = notMoved(before, nowMs());
  }

  /** Whether a step is put off until its profile is cut beside the stream. */
  async #canWait({ to, direction, unhurried }: Move, signals: Signals): Promise<boolean> {
    const waits = direction === 'up' || (unhurried === true && (signals.cutting || this.#hasRoom(signals)));
    return waits && !(await this.#standby.isReady(to));
  }

  #readLimits(): void {
    const { board, nowMs } = this.#parts;
    this.#readAtMs = nowMs();
    this.#limits = board.readLimits();
    this.#choice = board.choose(this.#limits, { textsPerSecond: this.#textsPerSecond });
  }

  async #prepareAhead(plan: Plan, signals: Signals): Promise<void> {
    if (signals.atMs - this.#startedMs < settings.standbyAfterMs.value) return;
    await this.#standby.begin(Standby.wanted(plan), this.#hasRoom(signals));
  }

  #hasRoom({ headroomBytes }: Signals): boolean {
    return headroomBytes === null || headroomBytes >= settings.cutBytes.value;
  }

  /** True where another profile serves now. */
  async #move(step: Move, plan: Plan): Promise<boolean> {
    const { log, onEvent } = this.#parts;
    const from = plan.current.profile;
    const hurried = step.direction === 'down' && !step.unhurried;
    const to = hurried ? await this.#readyAtOnce(step.to, plan) : step.to;
    const figures = { ...step.figures, ...(to !== step.to && { insteadOf: step.to }) };
    const why = step.why ?? wordsOf(step);
    try {
      const swapped = await this.#serve(to, step.cause === 'memory');
      this.#reason = `${step.direction} from ${from}: ${why}`;
      this.#tellChange(from, to, step.cause, figures, swapped, why);
      this.#keep();
      return true;
    } catch (error) {
      if (this.#stopping.signal.aborted) return false;
      this.#standby.bar(to);
      const message = `profile ${to} can't be served, ${from} stays: ${messageOf(error)}`;
      log.error({ from, to, cause: step.cause }, message);
      onEvent('profile-change-failed', message, { from, to, cause: step.cause, figures });
      return false;
    }
  }

  /** The profile itself where it is ready to be loaded, else one that is lighter and ready; the profile where none is. */
  async #readyAtOnce(profile: string, { rungs, current }: Plan): Promise<string> {
    if (await this.#standby.isReady(profile)) return profile;
    const wanted = rungs.find((each) => each.profile === profile);
    for (const each of rungs) {
      const { latencyMs, rssAnonBytes } = each.predicted;
      const lighter =
        wanted && latencyMs <= wanted.predicted.latencyMs && rssAnonBytes <= wanted.predicted.rssAnonBytes;
      if (lighter && each.profile !== current.profile && (await this.#standby.isReady(each.profile)))
        return each.profile;
    }
    return profile;
  }

  /** Loads a profile beside the one in force, or after it where memory is short. */
  async #serve(profile: string, short: boolean): Promise<SwapFigures> {
    const { swap, baseAnonBytes } = this.#parts;
    const headroomBytes = this.#headroomBytes;
    const predicted = this.#choice.candidates.find((each) => each.profile === profile)?.predicted;
    const neededBytes = Math.max(0, (predicted?.rssAnonBytes ?? 0) - (baseAnonBytes ?? 0));
    const fits = headroomBytes === null || headroomBytes - neededBytes >= this.#leastBytes;
    const beside = fits && !short;
    if (await this.#standby.isReady(profile)) return await swap.to(profile, { beside });
    const prepare = () => this.#standby.prepare(profile);
    if (headroomBytes !== null && headroomBytes < settings.cutBytes.value)
      return await swap.to(profile, { beside: false, prepare });
    await prepare();
    return await swap.to(profile, { beside });
  }

  async #giveBack({ cause, figures }: Sign): Promise<void> {
    const { giveBack, onEvent, log } = this.#parts;
    const given = await giveBack();
    log.info({ cause, figures, ...given }, 'memory was given back');
    onEvent('memory-given-back', 'memory is short: what could be done without was given back', { figures, ...given });
  }

  #tellChange(
    from: string,
    to: string,
    cause: string,
    figures: Readonly<Record<string, unknown>>,
    swapped: SwapFigures,
    why: string,
  ): void {
    const { log, onEvent, onStatus } = this.#parts;
    const { beside } = swapped;
    const fields = {
      from,
      to,
      cause,
      figures,
      beside,
      loadMs: tenths(swapped.loadMs),
      pauseMs: tenths(swapped.pauseMs),
    };
    const message = `profile ${from} → ${to}: ${why}`;
    log.info(fields, message);
    onEvent('profile-changed', message, fields);
    onStatus();
  }

  #tellOverload({ cause, figures }: Sign): void {
    const { onEvent, log, nowMs } = this.#parts;
    const { profile } = this.status();
    if (this.#overloadAtMs !== undefined && nowMs() - this.#overloadAtMs < settings.overloadEveryMs.value) return;
    this.#overloadAtMs = nowMs();
    const nowhere = this.#wish === profile ? `${profile} is pinned` : `nothing lighter than ${profile} fits`;
    const message = `${cause} presses, and ${nowhere}`;
    log.warn({ cause, figures }, message);
    onEvent('overload', message, { cause, figures, profile });
  }

  #keep(): void {
    const { profile } = this.#parts.swap.model;
    this.#run.keep(profile, this.#wish, this.#ceiling);
  }

  #exclusive<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function wordsOf({ cause, figures }: Move): string {
  const said = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  return said.length > 0 ? `${cause} (${said.join(', ')})` : cause;
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
