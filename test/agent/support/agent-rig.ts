/** An agent with a model of a few words and a source that the test feeds, at a real broker. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Agent } from '../../../agent/agent.js';
import { type Clock, systemClock } from '../../../agent/clock.js';
import { checkConfig } from '../../../agent/config/index.js';
import { type BoardView, fixedChoice } from '../../../agent/governor/index.js';
import { nothingKnown } from '../../../agent/governor/signals.js';
import { type Log, LogBook } from '../../../agent/log.js';
import type { Profiles } from '../../../agent/profiles/index.js';
import type { Model } from '../../../src/infer/types.js';
import { temporaryFolder } from './brokers.js';
import { HandSource } from './hand-source.js';
import { type KeywordModel, keywordModel } from './keyword-model.js';
import type { Door } from './mosquitto-tools.js';

export interface Rig {
  readonly agent: Agent;
  readonly source: HandSource;
  readonly stateDir: string;
  /** How many records the model has answered. */
  readonly answered: () => number;
  /** Lines of the log: level and message. */
  readonly log: string[];
}

export interface RigOptions {
  readonly port: number;
  /** Default `board-1`. */
  readonly device?: string;
  /** Default mqtt://127.0.0.1:port */
  readonly url?: string;
  /** More lines of the `mqtt` section, and of the whole, as YAML. */
  readonly mqtt?: string;
  readonly more?: string;
  readonly sourceMore?: string;
  /** Default: a new one. */
  readonly stateDir?: string;
  /** Default: a model of a few words, the only rung of its ladder. */
  readonly profiles?: Profiles;
  /** Default: a board on which nothing ever presses, and a choice that knows no limits. */
  readonly boardOf?: (profiles: Profiles) => BoardView;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Runs before the agent starts. */
  readonly prepare?: (stateDir: string) => Promise<void>;
}

export async function startAgent(t: ExecutionContext, options: RigOptions): Promise<Rig> {
  const rig = await makeAgent(t, options);
  await rig.agent.start();
  return rig;
}

export async function makeAgent(t: ExecutionContext, options: RigOptions): Promise<Rig> {
  const folder = await temporaryFolder(t);
  const stateDir = options.stateDir ?? join(folder, 'state');
  await mkdir(stateDir, { recursive: true });
  await options.prepare?.(stateDir);
  const log: string[] = [];
  const book = new LogBook({ level: 'debug', style: 'json', write: () => undefined });
  const source = new HandSource('console');
  const model = wholeModel();
  const agent = new Agent({
    config: checkConfig(yaml(options, stateDir), join(folder, 'snug.yaml')),
    version: '0.0.0-test',
    openProfiles: async () => options.profiles ?? oneProfile(model),
    boardOf: options.boardOf ?? stillBoard,
    createSource: () => source,
    clock: options.clock ?? systemClock,
    log: bookLog(book, log),
    book,
  });
  t.teardown(() => agent.stop());
  const answered = () => model.calls.reduce((sum, texts) => sum + texts.length, 0);
  return { agent, source, stateDir, answered, log };
}

function yaml({ port, device = 'board-1', url, mqtt = '', more = '', sourceMore = '' }: RigOptions, stateDir: string) {
  return `device: ${device}
bundle: ./bundle
stateDir: ${stateDir}
mqtt:
  url: ${url ?? `mqtt://127.0.0.1:${port}`}
${mqtt}
sources:
  console:
    kind: stdin
${sourceMore}
${more}
`;
}

export function wholeModel(): Model & KeywordModel {
  return {
    ...keywordModel(),
    labels: ['balance', 'weather'],
    noneLabel: 'none',
    embed: async () => [],
    close: async () => {},
  };
}

/** A board on which nothing presses, whatever this machine is doing. */
export function stillBoard({ ladder }: Profiles): BoardView {
  const choice = fixedChoice(ladder, ladder[0].profile, 'the only one');
  return { ramBytes: null, readLimits: () => ({}), readPressure: () => nothingKnown, choose: () => choice };
}

/** A ladder with one rung. */
export function oneProfile(model: Model): Profiles {
  return {
    identity: 'test',
    ladder: [{ profile: model.profile, accuracy: 0.9, weightBytes: 1e6 }],
    load: async () => model,
    isReady: async () => true,
    prepare: async () => {},
    measure: async () => ({ texts: 1, p50Ms: 1, p95Ms: 1, p50Tokens: 8, rssAnonBytes: null, rssBytes: null }),
  };
}

/** Writes to the agent's own log, and keeps `level message` for the test. */
function bookLog(book: LogBook, lines: string[]): Log {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...args: unknown[]) => {
      lines.push(`${level} ${args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' ')}`);
      const [first, message] = args;
      if (typeof first === 'object') book.log[level](first, String(message));
      else book.log[level](String(first));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** How Mosquitto's clients get in at a plain port. */
export function plainDoor(port: number): Door {
  return { host: '127.0.0.1', port, options: [] };
}

/** A command as a requester writes it. */
export function init(args: Record<string, unknown> = {}): Record<string, unknown> {
  return { v: 1, ts: new Date().toISOString(), status: 'init', ...args };
}
