import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { createLog, type Log } from '../../agent/log.js';
import type { Broker } from '../broker/index.js';
import { readRows } from '../data/index.js';
import { packageFolder } from '../files/package-folder.js';
import { keepHeapSmall } from '../infer/index.js';
import { figuresLine } from './demo/figures-line.js';
import { LiveLine } from './demo/live-line.js';
import { play } from './demo/play.js';
import { wholeNumber } from './option-values.js';
import { untilStopped } from './until-stopped.js';
import { version } from './version.js';

interface Options {
  readonly port: number;
  readonly rate: number;
  readonly count?: number;
}

export function define(command: Command): void {
  command
    .option('--port <number>', 'port of the broker; where it is taken, the next free one', wholeNumber(0, 65_535), 1883)
    .option('--rate <number>', 'sentences a second', linesPerSecond, 20)
    .option('--count <number>', 'end after so many answers (default: at Ctrl-C)', wholeNumber(1, 1e9))
    .addHelpText(
      'after',
      `
Examples:
  snug demo
  snug demo --rate 100 --count 5500

Starts a broker, an agent that classifies CLINC150's test sentences with the bundle in examples/, and a replay that feeds it.
All of it is in this process and ends with it; the profile that is cut out of the bundle at the first start stays in the
cache (SNUG_CACHE, else the XDG cache folder).`,
    )
    .action(demo);
}

async function demo({ port, rate, count }: Options): Promise<void> {
  keepHeapSmall();
  const startedMs = performance.now() - process.uptime() * 1000;
  const examples = join(packageFolder(), 'examples', 'clinc150');
  const stopped = untilStopped(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const outputGone = new Promise((resolve) => process.stdout.on('error', resolve)); // a closed pipe or terminal
  const live = new LiveLine(process.stdout);
  const sentences = await readRows(join(examples, 'stream.tsv'));
  try {
    const tally = await play({
      bundle: join(examples, 'bundle'),
      sentences,
      version: version(),
      port,
      rate,
      count,
      log: quietLog((line) => live.say(line)),
      onBroker: (broker) => {
        for (const line of introduction(broker, port, sentences.length)) live.say(line);
        live.start(() => 'loading the model …');
      },
      onFirstAnswer: (tally) => {
        live.say(`first answer ${((performance.now() - startedMs) / 1000).toFixed(1)} s after the start\n`);
        live.start((columns) => figuresLine(tally.figures(), columns));
      },
      stopped: Promise.race([stopped, outputGone]),
    });
    live.stop();
    if (tally.answered > 0) live.say(figuresLine(tally.figures(), live.columns));
  } finally {
    live.stop();
  }
}

function introduction({ url, host, port }: Broker, wanted: number, sentences: number): string[] {
  const subscribe = `-h ${host} -p ${port} -t 'snug/v1/#' -v`;
  return [
    `Snug ${version()}: a broker, an agent and a replay of ${sentences} sentences (CLINC150), all in this process`,
    '',
    ...(port !== wanted && wanted !== 0 ? [`  port ${wanted} is taken; the broker listens on ${port}`] : []),
    `  broker        ${url}`,
    `  its messages  mosquitto_sub -V 5 ${subscribe}`,
    `           or   npx mqtt_sub ${subscribe}`,
    '  end           Ctrl-C',
    '',
  ];
}

/** The agent's log where SNUG_LOG asks for it, else what a person must know. */
function quietLog(say: (line: string) => void): Log {
  if (process.env.SNUG_LOG !== undefined) return createLog();
  const silent = () => undefined;
  const tell = (...said: unknown[]) => say(said.filter((each) => typeof each === 'string').join(' '));
  return { debug: silent, info: silent, warn: tell, error: tell };
}

function linesPerSecond(text: string): number {
  const rate = Number(text);
  if (text.trim() !== '' && rate >= 0.1 && rate <= 100_000) return rate;
  throw new InvalidArgumentError('a number from 0.1 to 100000 is needed.');
}
