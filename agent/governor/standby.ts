/**
 * Profiles cut before they are needed: a step down must not wait for seconds of cutting, least of all on a board in trouble. One
 * is cut at a time, in a process of its own, and only where there is room for that process.
 */
import { messageOf } from '../../src/errors/index.js';
import type { Log } from '../log.js';
import type { Profiles } from '../profiles/index.js';
import { type Candidate, memoryOf, type Plan } from './plan.js';
import { settings } from './thresholds.js';

export class Standby {
  readonly #ready = new Set<string>();
  readonly #barredUntilMs = new Map<string, number>();
  readonly #stopping = new AbortController();
  #cutting: Promise<void> | undefined;

  constructor(
    private readonly profiles: Pick<Profiles, 'isReady' | 'prepare'>,
    private readonly nowMs: () => number,
    private readonly log: Pick<Log, 'info' | 'warn'>,
  ) {}

  /** Those that a step down would lead to soon, then the lightest of all. */
  static wanted({ rungs, current }: Plan): string[] {
    const lighter = rungs.filter((each) => each.profile !== current.profile && memoryOf(each) < memoryOf(current));
    const next = lighter.find(
      ({ predicted }) => predicted.latencyMs <= settings.lighterShare.value * current.predicted.latencyMs,
    );
    const last = lighter.toSorted((a, b) => memoryOf(a) - memoryOf(b)).at(0);
    return [...new Set([next ?? lighter.at(0), last].flatMap((each) => (each ? [each.profile] : [])))];
  }

  /** Whether a profile is being cut beside the stream. */
  get isCutting(): boolean {
    return this.#cutting !== undefined;
  }

  isBarred({ profile }: Candidate): boolean {
    return (this.#barredUntilMs.get(profile) ?? 0) > this.nowMs();
  }

  /** Leaves a profile alone for a while: it could not be cut or loaded. */
  bar(profile: string): void {
    this.#ready.delete(profile);
    this.#barredUntilMs.set(profile, this.nowMs() + settings.barredMs.value);
  }

  /** Looked up anew each time: the cache is bounded, and others use it too. */
  async isReady(profile: string): Promise<boolean> {
    const ready = await this.profiles.isReady(profile);
    if (ready) this.#ready.add(profile);
    else this.#ready.delete(profile);
    return ready;
  }

  /** Cuts a profile that is not ready. @throws what cutting throws */
  async prepare(profile: string): Promise<void> {
    await this.#cutting; // one at a time: two would need the room twice
    await this.profiles.prepare(profile, { signal: this.#stopping.signal });
    this.#ready.add(profile);
  }

  /** Begins to cut the first of these that is not ready, unless one is being cut; resolves at once. */
  async begin(profiles: readonly string[], hasRoom: boolean): Promise<void> {
    for (const profile of profiles) {
      if (this.#cutting || this.#stopping.signal.aborted) return;
      if (this.#ready.has(profile) || (this.#barredUntilMs.get(profile) ?? 0) > this.nowMs()) continue;
      if ((await this.isReady(profile)) || !hasRoom) continue;
      this.#cutting = this.#cut(profile).finally(() => {
        this.#cutting = undefined;
      });
    }
  }

  /** Ends what is being cut. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#cutting;
  }

  async #cut(profile: string): Promise<void> {
    try {
      await this.profiles.prepare(profile, { signal: this.#stopping.signal });
      this.#ready.add(profile);
      this.log.info({ profile }, 'a profile was cut in advance');
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.bar(profile);
      this.log.warn({ profile }, `a profile can't be cut in advance: ${messageOf(error)}`);
    }
  }
}
