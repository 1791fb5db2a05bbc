import type { Command } from 'commander';
import { openBundle } from '../bundle/index.js';
import {
  Advisor,
  fitMeasured,
  fitting,
  type Measurement,
  plannedLimits,
  usageUnder,
  type Wishes,
} from '../fit/index.js';
import { loadBoard } from '../profile/boards/index.js';
import { printJson } from './command.js';
import { describeFit } from './fit-text.js';
import { aboveZero, shareBetween, sizeInBytes, wholeNumber } from './option-values.js';

interface Options {
  readonly board?: string;
  readonly ram?: number;
  readonly cores?: number;
  readonly quota?: number;
  readonly maxLatency?: number;
  readonly minAccuracy?: number;
  readonly tokens?: number;
  readonly rate?: number;
  readonly threads?: number;
  readonly measure?: true;
  readonly json?: true;
}

export function define(command: Command): void {
  command
    .argument('<bundle>', 'folder of an elastic bundle')
    .option('--board <name or file>', 'a board that is not here, by a name of docs/boards.md or by a file')
    .option('--ram <size>', 'memory that Snug alone may use, as a control group would limit it: 512M', sizeInBytes)
    .option('--cores <number>', 'cores that it may use', wholeNumber(1, 1024))
    .option('--quota <cores>', "cores' worth of time that it may use, such as 0.5", aboveZero)
    .option('--max-latency <ms>', 'the longest that a text may take', aboveZero)
    .option('--min-accuracy <share>', 'the least accuracy, such as 0.9', shareBetween(0, 1))
    .option('--tokens <number>', 'length of a text (default: 32)', wholeNumber(1, 100_000))
    .option('--rate <number>', 'texts a second', aboveZero)
    .option('--threads <number>', 'threads inside one operator (default: 1)', wholeNumber(1, 256))
    .option('--measure', 'measure what is chosen on this machine, and remember it')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  snug fit bundle
  snug fit bundle --ram 128M --quota 0.5 --max-latency 20
  snug fit bundle --board raspberry-pi-4-b

Shows every profile with the limit that rules it out, and which one is chosen. The first time on a machine it measures the
machine for up to three seconds. Exits with 1 where nothing fits.`,
    )
    .action(run);
}

async function run(folder: string, options: Options): Promise<void> {
  const board = options.board === undefined ? undefined : loadBoard(options.board);
  const planned = {
    ...(board && { board }),
    ...(options.ram !== undefined && { ramBytes: options.ram }),
    ...(options.cores !== undefined && { cores: options.cores }),
    ...(options.quota !== undefined && { quotaCores: options.quota }),
  };
  const limits = plannedLimits(planned);
  const wishes: Wishes = {
    ...(options.maxLatency !== undefined && { maxLatencyMs: options.maxLatency }),
    ...(options.minAccuracy !== undefined && { minAccuracy: options.minAccuracy }),
  };
  const say = (line: string) => process.stderr.write(`snug: ${line}\n`);
  const bundle = await openBundle(folder);
  const advisor = await Advisor.open(bundle, {
    wishes,
    ...(board && { board }),
    ...(options.tokens !== undefined && { tokens: Math.min(options.tokens, bundle.manifest.tokenizer.maxTokens) }),
    ...(options.threads !== undefined && { threads: options.threads }),
    onNote: say,
  });
  const demand = { textsPerSecond: options.rate ?? 0 };
  const { choice, measured } = options.measure
    ? await fitMeasured(advisor, limits, demand, usageUnder(planned), (profile) => say(`measuring ${profile} …`))
    : { choice: advisor.choose(limits, demand, usageUnder(planned)), measured: new Map<string, Measurement>() };
  const chosen = fitting(choice);
  const withMeasured = (candidate: (typeof choice.candidates)[number]) => {
    const found = measured.get(candidate.profile);
    return { ...candidate, ...(found && { measured: found }) };
  };
  if (options.json)
    printJson({
      chosen: withMeasured(chosen),
      limits,
      allowed: choice.allowed,
      speed: advisor.basis,
      ...(choice.next && { next: choice.next }),
      candidates: choice.candidates.map(withMeasured),
    });
  else process.stdout.write(describeFit(choice, limits, advisor));
}
