/** The demo's parts, brought up and taken down in one process: broker, agent, a replay that feeds it, a subscriber that counts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '../../../agent/agent.js';
import { systemClock } from '../../../agent/clock.js';
import { checkConfig } from '../../../agent/config/index.js';
import { soonAdvisedBoard } from '../../../agent/governor/index.js';
import type { Log } from '../../../agent/log.js';
import { BundleProfiles } from '../../../agent/profiles/index.js';
import { StdinSource } from '../../../agent/sources/stdin.js';
import { type Broker, startBroker } from '../../broker/index.js';
import type { Row } from '../../data/index.js';
import { type Listener, listen } from './listener.js';
import { Replay } from './replay.js';
import { Tally } from './tally.js';

export const DEVICE = 'demo';
const SOURCE = 'clinc150';

export interface PlayOptions {
  readonly bundle: string;
  readonly sentences: readonly Row[];
  readonly version: string;
  readonly port: number;
  /** Lines a second. */
  readonly rate: number;
  /** Answers after which it is over; without it there is no end. */
  readonly count?: number;
  readonly log: Log;
  /** The broker takes connections: where, before the model is loaded. */
  readonly onBroker: (broker: Broker) => void;
  readonly onFirstAnswer: (tally: Tally) => void;
  /** Resolves when the user wants an end. */
  readonly stopped: Promise<unknown>;
}

/**
 * Plays until it is stopped or `count` answers are there. Whatever happens, nothing is left: no port, no file but the cache of
 * materialised profiles, no process. @throws BROKER_PORT, BUNDLE_…, CACHE_WRITE, DISK_FULL, MODEL_LOAD
 */
export async function play(options: PlayOptions): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'snug-demo-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder); // also where a second Ctrl-C cuts the end short
  const { sentences, rate, count } = options;
  const tally = new Tally(sentences);
  const replay = new Replay({ texts: sentences.map(({ text }) => text), rate, count });
  let broker: Broker | undefined;
  let listener: Listener | undefined;
  let agent: Agent | undefined;
  try {
    broker = await startBroker({ port: options.port, orNextFree: true });
    options.onBroker(broker);
    const complete = counted(tally, options);
    listener = await listen(broker.url, DEVICE, complete.take);
    const starting = agentOf(options, broker.url, folder, replay);
    await starting.start();
    agent = starting;
    replay.start();
    await Promise.race([options.stopped, complete.reached, agent.failed]);
    return tally;
  } finally {
    replay.stop();
    await agent?.stop();
    await listener?.close();
    await broker?.close();
    removeFolder();
    process.off('exit', removeFolder);
  }
}

function agentOf({ bundle, version, log }: PlayOptions, url: string, folder: string, replay: Replay): Agent {
  const config = {
    device: DEVICE,
    bundle,
    mqtt: { url },
    sources: { [SOURCE]: { kind: 'stdin', publish: { text: true } } },
    telemetry: { intervalMs: 2000 },
    stateDir: join(folder, 'state'),
  };
  return new Agent({
    config: checkConfig(JSON.stringify(config), join(folder, 'snug.yaml')),
    version,
    openProfiles: (config) => BundleProfiles.open(config),
    boardOf: soonAdvisedBoard,
    createSource: (name) => new StdinSource(name, () => replay.stream),
    clock: systemClock,
    log,
  });
}

/** Counts what arrives, and says when it is enough. */
function counted(tally: Tally, { count, onFirstAnswer }: PlayOptions) {
  let enough: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const take: Parameters<typeof listen>[2] = (predictions) => {
    const first = tally.answered === 0;
    tally.add(predictions);
    if (first) onFirstAnswer(tally);
    if (count !== undefined && tally.answered >= count) enough();
  };
  return { reached, take };
}
