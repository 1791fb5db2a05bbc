/**
 * What outlives an agent: starts it, starts it anew when it is told to, and tries a new configuration on a new agent, with the
 * way back kept open until that one has proved itself.
 *
 * Invariants: one agent at a time; a configuration set over the wire is on disk only once it is proved, so that a crash at any
 * moment before goes back to the one before.
 */
import { messageOf, SnugError } from '../../src/errors/index.js';
import type { CommandOutcome } from '../../src/protocol/index.js';
import type { Clock } from '../clock.js';
import { type CommandName, HANDED_OVER, type JournalEntry, type Life, type Progress } from '../commands/index.js';
import { type AgentConfig, type ConfigLayers, changedKeys, layeredConfig, merged } from '../config/index.js';
import type { Log } from '../log.js';
import type { Kept, Overrides } from './overrides.js';

/** How long a new configuration may take until the agent is online. */
const ONLINE_MS = 60_000;
/** For how long it must then be healthy; and one that needs no new agent. */
const PROVED_MS = 10_000;
const PROVED_LIVE_MS = 4000;
const LOOK_MS = 250;
/** How long one agent may take to end and another to start, a profile cut in between. */
const CHANGE_MS = 300_000;

/** An agent as far as its host knows it. */
export interface HostedAgent {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly failed: Promise<never>;
  /** Why it is not healthy; undefined where it is. `offline` where only the broker is missing. */
  trouble(): string | undefined;
  readonly online: boolean;
  /** Takes over keys that need no new agent. Rejects where that can't be. */
  apply(config: AgentConfig, keys: readonly string[]): Promise<void>;
  finish(command: CommandName, outcome: CommandOutcome): Promise<void>;
}

export interface HostOptions {
  readonly layers: Omit<ConfigLayers, 'set'>;
  readonly overrides: Pick<Overrides, 'read' | 'keep'>;
  readonly newAgent: (config: AgentConfig, life: HostLife) => HostedAgent;
  /** True where something else starts the process again when it ends (systemd). */
  readonly supervised: boolean;
  readonly clock: Clock;
  /** A clock for durations: it never jumps. */
  readonly nowMs?: () => number;
  readonly log: Log;
}

/** What the host offers an agent: the operations' Life, and how commands ended that others began. */
export interface HostLife extends Life {
  endOf(entry: JournalEntry): CommandOutcome | 'open' | undefined;
}

type Order =
  | { readonly kind: 'restart' }
  | { readonly kind: 'try'; readonly kept: Kept; readonly config: AgentConfig; readonly by: CommandName };

export class Host implements HostLife {
  readonly #options: HostOptions;
  #kept: Kept = { set: {} };
  #config: AgentConfig;
  #agent: HostedAgent | undefined;
  #order: ((order: Order) => void) | undefined;
  #handedOver: CommandName | undefined;
  readonly #nowMs: () => number;
  #changing = false;
  #changingSinceMs = 0;

  /** `config`: the file's own, to begin with. */
  constructor(config: AgentConfig, options: HostOptions) {
    this.#config = config;
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /**
   * Runs agents until `stopped` resolves. Rejects where an agent can't start or breaks. Resolves with `restart` where whoever
   * supervises the process is to start it again.
   */
  async run(stopped: Promise<unknown>, onStarted: () => void = () => undefined): Promise<'stopped' | 'restart'> {
    await this.#readKept();
    let agent = await this.#start(this.#config);
    onStarted();
    const end = stopped.then(() => 'stopped' as const);
    for (;;) {
      const order = new Promise<Order>((resolve) => {
        this.#order = resolve;
      });
      const next = await Promise.race([end, order, agent.failed]).catch(async (error: unknown) => {
        await this.#stop(agent);
        throw error;
      });
      if (next !== 'stopped' && next.kind === 'try') {
        agent = await this.#try(agent, next, end);
        continue;
      }
      await this.#stop(agent);
      if (next === 'stopped') return next;
      if (this.#options.supervised) return 'restart';
      agent = await this.#start(this.#config);
    }
  }

  /** What was set over the wire and has proved itself. */
  get set(): Kept['set'] {
    return this.#kept.set;
  }

  /** What keeps the agent from getting on; undefined where nothing does. */
  trouble(): string | undefined {
    const trouble = this.#agent?.trouble() ?? (this.#agent ? undefined : 'no agent is running');
    if (!this.#changing) return trouble;
    const changingMs = this.#nowMs() - this.#changingSinceMs;
    return changingMs > CHANGE_MS ? `no agent was started for ${Math.round(changingMs / 1000)} s` : undefined;
  }

  restart(): void {
    this.#order?.({ kind: 'restart' });
  }

  async setConfig(set: Record<string, unknown>, by: CommandName, progress: Progress): Promise<unknown> {
    const { layers, overrides } = this.#options;
    const agent = this.#agent;
    if (!agent) throw new Error('no agent is running');
    const kept = { set: merged(this.#kept.set, set) as Kept['set'], by: keyOf(by) };
    // What takes a key back leaves nothing behind; what is wrong is told by name.
    const config = layeredConfig({ ...layers, set: merged(this.#kept.set, set) as Kept['set'] });
    const changed = changedKeys(this.#config, config);
    const result = resultOf(changed);
    if (changed.some(({ restart }) => restart)) {
      progress({ step: 'restart', ...result });
      this.#handedOver = by;
      this.#order?.({ kind: 'try', kept, config, by });
      return HANDED_OVER;
    }
    const before = this.#config;
    const keys = changed.map(({ key }) => key);
    progress({ step: 'apply', ...result });
    try {
      await agent.apply(config, keys);
      this.#config = config;
      await this.#prove(agent, PROVED_LIVE_MS, new Promise(() => undefined));
      await overrides.keep(kept);
      this.#kept = kept;
    } catch (error) {
      this.#config = before;
      await agent.apply(before, keys);
      throw new SnugError('CONFIG_REVERTED', messageOf(error), { cause: error });
    }
    return result;
  }

  endOf({ operation, id }: JournalEntry): CommandOutcome | 'open' | undefined {
    if (operation === this.#handedOver?.operation && id === this.#handedOver.id) return 'open';
    if (operation === 'restart') return { status: 'successful', result: {} };
    if (operation !== 'config.set') return undefined;
    if (this.#kept.by === keyOf({ operation, id })) return { status: 'successful', result: {} };
    const reason = 'the agent ended before the configuration had proved itself; the one before is in force';
    return { status: 'failed', code: 'interrupted', reason };
  }

  async #readKept(): Promise<void> {
    const { layers, overrides, log } = this.#options;
    const kept = await overrides.read();
    try {
      this.#config = layeredConfig({ ...layers, set: kept.set });
      this.#kept = kept;
    } catch (error) {
      log.error(`what was set by commands is left out, for it no longer fits the configuration: ${messageOf(error)}`);
    }
  }

  async #start(config: AgentConfig): Promise<HostedAgent> {
    const agent = this.#options.newAgent(config, this);
    this.#agent = agent;
    await agent.start();
    this.#changing = false;
    return agent;
  }

  async #stop(agent: HostedAgent): Promise<void> {
    this.#changing = true;
    this.#changingSinceMs = this.#nowMs();
    await agent.stop();
  }

  /** A new agent with the new configuration; where that one is no good, a new one with the one before. */
  async #try(agent: HostedAgent, { kept, config, by }: Extract<Order, { kind: 'try' }>, end: Promise<unknown>) {
    const { log, overrides } = this.#options;
    const before = this.#config;
    const changed = changedKeys(before, config);
    await this.#stop(agent);
    log.info({ keys: changed.map(({ key }) => key) }, 'a new configuration is tried');
    let tried: HostedAgent | undefined;
    try {
      this.#config = config;
      tried = await this.#start(config);
      await this.#prove(tried, PROVED_MS, end);
      await overrides.keep(kept);
      this.#kept = kept;
      this.#handedOver = undefined;
      await tried.finish(by, { status: 'successful', result: resultOf(changed) });
      log.info('the new configuration has proved itself');
      return tried;
    } catch (error) {
      if (tried) await this.#stop(tried);
      if (error instanceof Ended) return tried ?? agent; // the next start tells how the command ended
      const reason = `the configuration before is in force again: ${messageOf(error)}`;
      log.warn(reason);
      this.#config = before;
      const again = await this.#start(before);
      this.#handedOver = undefined;
      await again.finish(by, { status: 'failed', code: 'error', error: 'CONFIG_REVERTED', reason });
      return again;
    }
  }

  /** Resolves once the agent has been online and healthy for so long. Rejects with what is wrong. */
  async #prove(agent: HostedAgent, provedMs: number, end: Promise<unknown>): Promise<void> {
    const { clock } = this.#options;
    let ended = false;
    const broken = agent.failed.catch((error: unknown) => error);
    void end.then(() => {
      ended = true;
    });
    const startedMs = this.#nowMs();
    let healthySinceMs: number | undefined;
    let failure: unknown;
    void broken.then((error) => {
      failure = error;
    });
    for (;;) {
      const nowMs = this.#nowMs();
      if (failure !== undefined) throw failure;
      if (ended) throw new Ended('the agent was ended before it had proved itself');
      const trouble = agent.online ? agent.trouble() : 'it has no connection to the broker';
      if (trouble === undefined) healthySinceMs ??= nowMs;
      else if (healthySinceMs !== undefined) throw new Error(`it was well and then not: ${trouble}`);
      if (healthySinceMs !== undefined && nowMs - healthySinceMs >= provedMs) return;
      if (healthySinceMs === undefined && nowMs - startedMs >= ONLINE_MS)
        throw new Error(`not well within ${ONLINE_MS / 1000} s: ${trouble}`);
      await clock.sleep(LOOK_MS);
    }
  }
}

/** Somebody wants the process to end. */
class Ended extends Error {}

function resultOf(changed: readonly { readonly key: string; readonly restart: boolean }[]) {
  return {
    changed: changed.map(({ key }) => key),
    restarted: changed.filter(({ restart }) => restart).map(({ key }) => key),
  };
}

function keyOf({ operation, id }: CommandName): string {
  return `${operation}/${id}`;
}
