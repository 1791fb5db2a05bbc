/**
 * The agent, assembled: sources → queues → model → publish rules → outbox → uplink, and commands the other way. Parts are started in the order in which
 * they depend on each other, and stopped the other way round; `online` is said when everything before it works.
 */
import { join } from 'node:path';
import { messageOf, SnugError } from '../src/errors/index.js';
import { makePrivateFolder } from '../src/files/index.js';
import { type CommandOutcome, encode, topics } from '../src/protocol/index.js';
import { type Clock, timestamp, within } from './clock.js';
import { type CommandName, Commands, Journal, operationsOf } from './commands/index.js';
import type { AgentConfig, SourceConfig } from './config/index.js';
import type { BoardView } from './governor/index.js';
import { comesAlike } from './intake.js';
import { Endpoint, type HostedAgent, type HostLife, Progress, selfReliant } from './life/index.js';
import { type Log, LogBook } from './log.js';
import { News } from './news.js';
import { DeadLetters, Outbox } from './outbox/index.js';
import { Pipeline } from './pipeline.js';
import type { Profiles } from './profiles/index.js';
import { doubtsOf, Publisher, type RuleState, Windows } from './publish/index.js';
import { RecordTap } from './record-tap.js';
import { type Opened, openModel, Serving } from './serving.js';
import type { Surroundings } from './sources/index.js';
import type { Source } from './sources/source.js';
import { agentInfo, Telemetry } from './telemetry/index.js';
import { readCredentials, SessionCounter, Uplink } from './uplink/index.js';

/** How long the records that were read may take to be answered once the agent is to end. */
const DRAIN_MS = 1500;
/** How long the batch that is being answered may take after that. */
const GIVE_UP_MS = 500;

export interface AgentParts {
  readonly config: AgentConfig;
  readonly version: string;
  readonly openProfiles: (config: AgentConfig) => Promise<Profiles>;
  /** What the board allows and feels, and the choice of a profile under that. */
  readonly boardOf: (profiles: Profiles, config: AgentConfig, log: Log) => BoardView | Promise<BoardView>;
  readonly createSource: (name: string, config: SourceConfig, surroundings: Surroundings) => Source;
  readonly clock: Clock;
  readonly log: Log;
  /** The newest lines of the log, for `logs.tail`. Default: none. */
  readonly book?: LogBook;
  /** What outlives this agent. Default: nothing does, and commands that need it are refused. */
  readonly life?: HostLife;
  /** Starts before this one failed: it begins with a smaller profile, and says why. */
  readonly careful?: string;
}

export class Agent implements HostedAgent {
  readonly #parts: AgentParts;
  #config: AgentConfig;
  #started: Started | undefined;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#config = parts.config;
  }

  get online(): boolean {
    return this.#started?.uplink.online ?? false;
  }

  /** What keeps it from getting on; undefined where nothing does. A missing broker is none. */
  trouble(): string | undefined {
    return this.#started ? this.#started.progress.trouble() : 'it is not running';
  }

  /** Takes over keys that need no new agent. */
  async apply(config: AgentConfig, keys: readonly string[]): Promise<void> {
    const started = this.#started;
    if (!started) throw new Error('it is not running');
    if (keys.includes('profile')) {
      const { control } = started.serving;
      await (config.profile === 'auto' ? control.auto() : control.pin(config.profile));
    }
    started.telemetry.changeInterval(config.telemetry.intervalMs);
    for (const [name, { publish }] of Object.entries(config.sources))
      if (keys.some((key) => key.startsWith(`sources.${name}.publish.`))) {
        started.publisher.change(name, publish);
        this.#tellDoubts(name, publish, started.labels);
      }
    this.#config = config;
  }

  /** Ends a command that an agent before this one has begun. */
  async finish(command: CommandName, outcome: CommandOutcome): Promise<void> {
    await this.#started?.commands.finish(command, outcome);
  }

  /**
   * Loads the model, opens the sources, and begins to connect; resolves before the broker has answered. Throws where it can
   * never work: the bundle, a source, the state folder or the TLS files are no good. Then nothing is left running.
   */
  async start(): Promise<void> {
    const { config, log } = this.#parts;
    await readCredentials(config.mqtt);
    try {
      await makePrivateFolder(config.stateDir);
    } catch (cause) {
      throw new SnugError('STATE_UNUSABLE', `stateDir ${config.stateDir}: ${messageOf(cause)}`, { cause });
    }
    const outbox = this.#newOutbox();
    await outbox.open();
    let opened: Opened | undefined;
    let started: Started | undefined;
    try {
      opened = await openModel(this.#parts);
      started = await this.#assemble(opened, outbox);
      await started.commands.start();
      await started.endpoint?.start();
      await started.pipeline.start();
    } catch (error) {
      await started?.endpoint?.stop();
      await started?.journal.close();
      await (started ? started.serving.close() : opened?.model.close());
      await outbox.close();
      throw error;
    }
    started.uplink.start();
    started.telemetry.start();
    started.windows.start();
    const { profile, reason } = opened.beginning;
    outbox.event('started', `agent ${this.#parts.version} started`, { profile });
    if (this.#parts.careful !== undefined)
      outbox.event('crash-loop', `${this.#parts.careful}; it begins with ${profile}`, { profile });
    started.serving.start();
    log.info({ profile, reason, sources: Object.keys(config.sources) }, `agent of '${config.device}' is running`);
    this.#started = started;
  }

  /** Resolves when the agent has ended; rejects where the pipeline broke. Sources that end don't end the agent. */
  get failed(): Promise<never> {
    return new Promise((_, reject) => {
      this.#started?.pipeline.ended.catch(reject);
    });
  }

  /** Stops reading, answers and sends what was read, says `offline`: within five seconds, broker or not. */
  async stop(): Promise<void> {
    const started = this.#started;
    if (!started) return;
    this.#started = undefined;
    const { pipeline, telemetry, commands, uplink, outbox, journal, serving, windows } = started;
    await telemetry.stop();
    windows.stop();
    await within(this.#parts.clock, GIVE_UP_MS, serving.stop());
    const drained = await within(
      this.#parts.clock,
      DRAIN_MS,
      pipeline.drain().catch(() => undefined),
    );
    if (!drained) {
      this.#parts.log.warn('not all records that were read could be answered in time');
      await within(
        this.#parts.clock,
        GIVE_UP_MS,
        pipeline.stop().catch(() => undefined),
      );
    }
    await commands.stop();
    await uplink.stop();
    await outbox.close();
    await journal.close();
    await started.endpoint?.stop();
    if (drained) await serving.close();
    this.#parts.log.info('the agent has ended');
  }

  #tellDoubts(source: string, publish: SourceConfig['publish'], labels: readonly string[]): void {
    for (const doubt of doubtsOf(publish, labels)) this.#parts.log.warn(`sources.${source}.publish.${doubt}`);
  }

  #newOutbox(): Outbox {
    const { config, clock, log } = this.#parts;
    const { writeMs, syncMs, replayPerSecond, ...bounds } = config.outbox;
    return new Outbox({
      folder: join(config.stateDir, 'outbox'),
      bounds,
      writeMs,
      syncMs,
      replayPerSecond,
      deadLetters: new DeadLetters(join(config.stateDir, 'dead-letters'), clock, log),
      clock,
      log,
    });
  }

  async #assemble(opened: Opened, outbox: Outbox): Promise<Started> {
    const { config, version, clock, log, createSource, life = selfReliant } = this.#parts;
    const tap = new RecordTap((source) => this.#config.sources[source]?.publish.text ?? false);
    const startedMs = clock.runMs();
    const session = new SessionCounter(config.stateDir, clock.now);
    const journal = new Journal(config.stateDir, clock.now);
    const event = (kind: string, message: string, fields?: Record<string, unknown>) =>
      outbox.event(kind, message, fields);
    const infoOf = await agentInfo(config, version);
    const info = () => encode('info', infoOf(timestamp(clock), serving.governor.status()));
    const uplink: Uplink = new Uplink({
      device: config.device,
      mqtt: config.mqtt,
      session,
      clock,
      log,
      outbox,
      announcements: () => [{ topic: topics(config.device).info, payload: info() }, ...commands.announcements()],
      onCommand: (message) => commands.handle(message),
      onOnline: () => commands.tellEnds(),
    });
    const commands: Commands = new Commands({
      device: config.device,
      operations: operationsOf(Object.keys(config.sources)),
      context: {
        config: () => this.#config,
        version,
        records: tap,
        deadLetters: outbox.deadLetters,
        book: this.#parts.book ?? new LogBook({ level: 'silent', style: 'json', write: () => undefined }),
        life,
        clock,
        uptimeMs: () => Math.round(clock.runMs() - startedMs),
        session: () => session.current,
        get profiles() {
          return serving.control;
        },
      },
      journal,
      clock,
      log,
      publish: (topic, payload, options) => uplink.publish(topic, payload, options),
      onEvent: event,
      endOf: (entry) => life.endOf(entry),
    });
    const news = new News(log, event, outbox.deadLetters);
    const sources = Object.entries(config.sources).map(([name, { publish, ...options }]) => {
      const source = createSource(name, config.sources[name], config);
      const again = source.readsAgain && comesAlike(options);
      const place = outbox.readUpTo(name, again);
      return { name, source, options, publish, again, place };
    });
    const labels = [...opened.model.labels, opened.model.noneLabel];
    for (const { name, publish } of sources) this.#tellDoubts(name, publish, labels);
    const publisher = new Publisher(
      Object.fromEntries(
        sources.map(({ name, publish, again, place }) => [
          name,
          { config: publish, again, state: place?.rules as RuleState | undefined },
        ]),
      ),
      clock.now,
    );
    const pipeline = new Pipeline({
      model: opened.model,
      sources: sources.map(({ source, options, place }) => ({ ...options, source, resume: place })),
      maxBatch: config.batch.size,
      maxWaitMs: config.batch.waitMs,
      onPredictions: (records) => {
        tap.give(records);
        return outbox.add(publisher.take(records));
      },
      onPosition: (source, readUpTo) => outbox.place(source, readUpTo),
      onEvent: (event) => news.tell(event),
      clock: clock.now,
    });
    const serving: Serving = new Serving(opened, {
      ...this.#parts,
      pipeline,
      onEvent: event,
      onStatus: () => void uplink.publish(topics(config.device).info, info(), { retain: true }),
    });
    const telemetry = new Telemetry({
      intervalMs: config.telemetry.intervalMs,
      clock,
      stats: () => pipeline.stats({ reset: true }),
      session: () => session.current,
      waiting: () => outbox.waiting,
      publish: (message) => uplink.telemetry(message),
      onDrops: (count, drops) =>
        event('records-dropped', `${count} records were dropped by full queues`, {
          count,
          cause: 'queue',
          drops,
        }),
    });
    const windows = new Windows(publisher, (answered) => void outbox.add(answered));
    const progress = new Progress({
      probe: () => pipeline.probe(),
      stream: () => ({ waiting: pipeline.load().waiting, answered: pipeline.stats().predicted }),
      held: () => outbox.holds || pipeline.withheld,
    });
    const endpoint =
      config.health.listen === undefined
        ? undefined
        : new Endpoint({
            listen: config.health.listen,
            trouble: () => progress.trouble(),
            figures: () => ({
              stats: pipeline.stats(),
              outbox: outbox.waiting,
              outboxDropped: outbox.dropped,
              deadLetters: outbox.deadLetters.counts.added,
              withheld: { ...publisher.withheld },
              online: uplink.online,
              profile: serving.governor.status().profile,
              healthy: progress.trouble() === undefined,
            }),
          });
    return {
      labels,
      serving,
      journal,
      pipeline,
      publisher,
      uplink,
      outbox,
      commands,
      telemetry,
      windows,
      progress,
      endpoint,
    };
  }
}

interface Started {
  /** All that the model can say. */
  readonly labels: readonly string[];
  readonly serving: Serving;
  readonly journal: Journal;
  readonly pipeline: Pipeline;
  readonly uplink: Uplink;
  readonly outbox: Outbox;
  readonly commands: Commands;
  readonly telemetry: Telemetry;
  readonly windows: Windows;
  readonly publisher: Publisher;
  readonly progress: Progress;
  readonly endpoint: Endpoint | undefined;
}
