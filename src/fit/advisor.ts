/** What knows the ladder's costs on a board, and chooses under any limits. */
import { type Bundle, isCached } from '../bundle/index.js';
import type { Board } from '../profile/boards/index.js';
import { type Limits, probeLimits, systemRoot } from '../profile/index.js';
import { allowanceOf, least, type Usage, type Wishes } from './allowance.js';
import { calibrate } from './calibrate.js';
import { type Choice, choose, type Demand, type Priced } from './choose.js';
import { constants } from './constants.js';
import { type BoardSpeed, costsOf, measuredKey, memoryNeed } from './cost.js';
import { type CostRecord, emptyRecord, originOf, readRecord, writeRecord } from './cost-record.js';
import { type Measurement, refined } from './measured.js';
import { ownAnonBytes } from './own-memory.js';
import { plannedSpeed, referenceSpeed } from './planned-speed.js';
import { reference } from './reference.js';
import { type Work, workOf } from './work.js';

export interface AdvisorOptions {
  /** Threads inside one operator; default 1. */
  readonly threads?: number;
  /** Length of a text. */
  readonly tokens?: number;
  readonly wishes?: Wishes;
  /** A board that is not here. */
  readonly board?: Board;
  /** The most that a first measurement may take; default 3 s. */
  readonly calibrationMs?: number;
  /** What the person who asked should know. */
  readonly onNote?: (note: string) => void;
  /** What to say to a person who waits, for measuring takes seconds; `onNote` unless given. */
  readonly onProgress?: (what: string) => void;
}

export class Advisor {
  /** By profile: an agent asks every second, and the bundle stays the same. */
  readonly #works = new Map<string, Work>();

  private constructor(
    readonly bundle: Bundle,
    readonly threads: number,
    readonly tokens: number,
    readonly wishes: Wishes,
    /** Where the speed comes from, in words. */
    readonly basis: string,
    private readonly cached: Set<string>,
    private readonly planned: BoardSpeed | undefined,
    private record: CostRecord | undefined,
  ) {}

  /**
   * Reads what is known of this board's speed; where nothing is, measures it (up to three seconds, in a process of its own).
   * Never throws for want of a measurement: then a known machine's figures stand in, and that is said.
   */
  static async open(bundle: Bundle, options: AdvisorOptions = {}): Promise<Advisor> {
    const { threads = 1, tokens = constants.tokens.value, wishes = {}, onNote = () => undefined } = options;
    const { onProgress = onNote } = options;
    const cached = new Set<string>();
    const make = (basis: string, planned: BoardSpeed | undefined, record?: CostRecord) =>
      new Advisor(bundle, threads, tokens, wishes, basis, cached, planned, record);
    const board = options.board ?? (await capturedBoard());
    if (board !== undefined) {
      const speed = plannedSpeed(board);
      return make(speed.basis, speed);
    }
    for (const { profile } of bundle.manifest.ladder) if (await isCached(bundle, profile)) cached.add(profile);
    const limits = probeLimits('/');
    const origin = originOf(limits, bundle.identity);
    const { record = emptyRecord(origin), problem } = await readRecord(origin);
    if (problem !== undefined) onNote(`what was measured before is left out: ${problem}`);
    if (record.threads[threads] !== undefined) return make('measured on this board before', undefined, record);
    if (isTooSmall(bundle, limits))
      return make(
        `not measured, for want of memory to do it in: the speed is that of ${reference.name}`,
        referenceSpeed(),
      );
    onProgress('measuring this board, up to 3 s …');
    const found = await calibrate(bundle, [threads], { roomBytes: roomOf(limits), limitMs: options.calibrationMs });
    const held = found.held ?? record.held ?? reference.held;
    const known = { ...record, held, threads: { ...record.threads, ...found.threads } };
    if (found.problem !== undefined) onNote(`this board could not be measured to the end: ${found.problem}`);
    if (known.threads[threads] === undefined)
      return make(`this board could not be measured: the speed is that of ${reference.name}`, referenceSpeed());
    await writeRecord(known);
    return make('measured on this board just now', undefined, known);
  }

  /**
   * The choice under limits as they are; the same for the same limits.
   * @param barred profiles that are not to be thought of
   */
  choose(
    limits: Limits,
    demand: Demand = { textsPerSecond: 0 },
    usage: Usage = { ownBytes: 0 },
    barred: ReadonlySet<string> = new Set(),
  ): Choice {
    const { data } = this.bundle.manifest;
    const priced = this.priced(limits.quotaCores.value).filter(({ profile }) => !barred.has(profile));
    return choose(priced, data?.eval.rows ?? 0, allowanceOf(limits, this.wishes, usage), demand);
  }

  /** The same from within the process that serves: what it holds itself is no other's. */
  chooseHere(limits: Limits, demand: Demand): Choice {
    return this.choose(limits, demand, { ownBytes: ownAnonBytes() });
  }

  /** The ladder with its costs. */
  priced(quotaCores: number | null): Priced[] {
    const { manifest } = this.bundle;
    const conditions = { tokens: this.tokens, threads: this.threads, quotaCores };
    return manifest.ladder.map(({ profile, accuracy, weightBytes }) => ({
      profile,
      accuracy: accuracy ?? null,
      weightBytes,
      costs: costsOf(profile, this.#workOf(profile), this.speed, {
        ...conditions,
        isCached: this.planned !== undefined || this.cached.has(profile),
      }),
    }));
  }

  /** Remembers what a profile was found to take: it counts for the profile itself, and its time for its kind. */
  async learn(profile: string, measurement: Measurement): Promise<void> {
    if (this.record === undefined) return;
    const key = measuredKey(profile, this.threads);
    const work = this.#workOf(profile);
    const plain = costsOf(profile, work, { ...this.speed, measured: {} }, this.#alone(measurement.tokens));
    const measured = { ...this.record.measured, [key]: refined(this.record.measured[key], measurement, plain) };
    this.record = { ...this.record, measured };
    await writeRecord(this.record);
  }

  /** Marks a profile as cut: it need not be cut any more. */
  markCached(profile: string): void {
    this.cached.add(profile);
  }

  private get speed(): BoardSpeed {
    const byThreads = this.record?.threads[this.threads];
    if (this.planned !== undefined || this.record === undefined || byThreads === undefined)
      return this.planned ?? referenceSpeed();
    return { byThreads, held: this.record.held ?? reference.held, measured: this.record.measured };
  }

  #workOf(profile: string): Work {
    const work = this.#works.get(profile) ?? workOf(this.bundle.manifest, profile);
    this.#works.set(profile, work);
    return work;
  }

  #alone(tokens: number) {
    return { tokens, threads: this.threads, quotaCores: null, isCached: true };
  }
}

/** The known board that a captured tree is of; undefined for this machine, and where nothing knows the board. */
async function capturedBoard(): Promise<Board | undefined> {
  if (systemRoot() === '/') return undefined;
  // Loaded only for a captured tree: what reads board files takes longer than all else at a start.
  const { boardOf } = await import('../profile/boards/index.js');
  return boardOf(probeLimits()) ?? undefined;
}

/** Whether not even the smallest profile has room here, however quick the board is. */
function isTooSmall({ manifest }: Bundle, limits: Limits): boolean {
  const { memoryBytes } = allowanceOf(limits, {}, { ownBytes: ownAnonBytes() });
  const conditions = { tokens: 1, threads: 1, quotaCores: null, isCached: true };
  const needs = manifest.ladder.map(({ profile }) =>
    memoryNeed(costsOf(profile, workOf(manifest, profile), referenceSpeed(), conditions)),
  );
  return memoryBytes !== null && Math.min(...needs) > memoryBytes;
}

/** Memory that the largest network measured may take: a share of what there is. */
function roomOf({ memoryLimitBytes, ramAvailableBytes }: Limits): number {
  return (least(memoryLimitBytes.value, ramAvailableBytes.value) ?? Number.POSITIVE_INFINITY) / 8;
}
