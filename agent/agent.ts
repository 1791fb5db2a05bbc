/**
 * The agent, assembled: sources → queues → model → uplink, and commands the other way. Parts are started in the order in which
 * they depend on each other, and stopped the other way round; `online` is said when everything before it works.
 */
import { messageOf, SnugError } from '../src/errors/index.js';
import { makePrivateFolder } from '../src/files/index.js';
import { encode, topics } from '../src/protocol/index.js';
import { type Clock, timestamp, within } from './clock.js';
import { Commands, Journal, operations } from './commands/index.js';
import type { AgentConfig, SourceConfig } from './config/index.js';
import type { BoardView } from './governor/index.js';
import type { Log } from './log.js';
import { News } from './news.js';
import { Pipeline } from './pipeline.js';
import type { Profiles } from './profiles/index.js';
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
}

export class Agent {
  readonly #parts: AgentParts;
  #started: Started | undefined;

  constructor(parts: AgentParts) {
    this.#parts = parts;
  }

  /**
   * Loads the model, opens the sources, and begins to connect; resolves before the broker has answered. Throws where it can
   * never work: the bundle, a source, the state folder or the TLS files are no good. Then nothing is left running.
   */
  async start(): Promise<void> {
    const { config, clock, log } = this.#parts;
    await readCredentials(config.mqtt);
    try {
      await makePrivateFolder(config.stateDir);
    } catch (cause) {
      throw new SnugError('STATE_UNUSABLE', `stateDir ${config.stateDir}: ${messageOf(cause)}`, { cause });
    }
    const opened = await openModel(this.#parts);
    const started = await this.#assemble(opened);
    try {
      await started.commands.start();
      await started.pipeline.start();
    } catch (error) {
      await started.journal.close();
      await started.serving.close();
      throw error;
    }
    started.uplink.start();
    started.telemetry.start();
    const { profile, reason } = opened.beginning;
    started.uplink.event('started', `agent ${this.#parts.version} started`, { profile });
    started.serving.start();
    log.info({ profile, reason, sources: Object.keys(config.sources) }, `agent of '${config.device}' is running`);
    this.#started = { ...started, startedMs: clock.now() };
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
    const { pipeline, telemetry, commands, uplink, journal, serving } = started;
    await telemetry.stop();
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
    await journal.close();
    if (drained) await serving.close();
    this.#parts.log.info('the agent has ended');
  }

  async #assemble(opened: Opened): Promise<Started> {
    const { config, version, clock, log, createSource } = this.#parts;
    const startedMs = clock.now();
    const session = new SessionCounter(config.stateDir, clock.now);
    const journal = new Journal(config.stateDir, clock.now);
    const infoOf = await agentInfo(config, version);
    const info = () => encode('info', infoOf(timestamp(clock), serving.governor.status()));
    const uplink: Uplink = new Uplink({
      device: config.device,
      mqtt: config.mqtt,
      session,
      clock,
      log,
      withText: (source) => config.sources[source]?.publish.text ?? false,
      announcements: () => [{ topic: topics(config.device).info, payload: info() }, ...commands.announcements()],
      onCommand: (message) => commands.handle(message),
      onOnline: () => commands.tellEnds(),
    });
    const commands: Commands = new Commands({
      device: config.device,
      operations,
      context: {
        config,
        version,
        uptimeMs: () => clock.now() - startedMs,
        session: () => session.current,
        get profiles() {
          return serving.control;
        },
      },
      journal,
      clock,
      log,
      publish: (topic, payload, options) => uplink.publish(topic, payload, options),
      onEvent: (kind, message, fields) => uplink.event(kind, message, fields),
    });
    const news = new News(log, (kind, message, fields) => uplink.event(kind, message, fields));
    const pipeline = new Pipeline({
      model: opened.model,
      sources: Object.entries(config.sources).map(([name, source]) => ({
        ...source,
        source: createSource(name, source, config),
      })),
      maxBatch: config.batch.size,
      maxWaitMs: config.batch.waitMs,
      onPredictions: (records) => uplink.publishResults(records),
      onEvent: (event) => news.tell(event),
      clock: clock.now,
    });
    const serving: Serving = new Serving(opened, {
      ...this.#parts,
      pipeline,
      onEvent: (kind, message, fields) => uplink.event(kind, message, fields),
      onStatus: () => void uplink.publish(topics(config.device).info, info(), { retain: true }),
    });
    const telemetry = new Telemetry({
      intervalMs: config.telemetry.intervalMs,
      clock,
      stats: () => pipeline.stats({ reset: true }),
      session: () => session.current,
      waitingRecords: () => uplink.waitingRecords,
      publish: (message) => uplink.telemetry(message),
      onDrops: (count, drops) =>
        uplink.event('records-dropped', `${count} records were dropped by full queues`, {
          count,
          cause: 'queue',
          drops,
        }),
    });
    return { serving, journal, pipeline, uplink, commands, telemetry, startedMs };
  }
}

interface Started {
  readonly serving: Serving;
  readonly journal: Journal;
  readonly pipeline: Pipeline;
  readonly uplink: Uplink;
  readonly commands: Commands;
  readonly telemetry: Telemetry;
  readonly startedMs: number;
}
