import { availableParallelism } from 'node:os';
import { basename, isAbsolute } from 'node:path';
import { type Command, Option } from 'commander';
import { type BuildOptions, build, describePlan, planBuild, type Recipe, type TrainingPlan } from '../build/index.js';
import type { Store } from '../bundle/making.js';
import { SnugError } from '../errors/index.js';
import type { Balance } from '../train/index.js';
import { printJson } from './command.js';
import { ladderTable } from './ladder-table.js';
import { aboveZero, shareBetween, sizeInBytes, wholeNumber } from './option-values.js';
import { StepLine } from './step-line.js';
import { untilStopped } from './until-stopped.js';
import { version } from './version.js';

interface Options {
  readonly data?: string;
  readonly eval?: string;
  readonly output: string;
  readonly none?: string;
  readonly refuse: number;
  readonly recipe: Recipe;
  readonly unlabelled?: string;
  readonly vocab?: number;
  readonly resume?: true;
  readonly store: Store;
  readonly hours?: number;
  readonly memory?: number;
  readonly dryRun?: true;
  readonly training?: string;
  readonly epochs?: number;
  readonly sliceEpochs?: number;
  readonly learningRate?: number;
  readonly balance?: Balance;
  readonly seed: number;
  readonly threads?: number;
  readonly json?: true;
}

export function define(command: Command): void {
  command
    .argument('<checkpoint>', 'a Hugging Face folder (BERT, MiniLM, DistilBERT)')
    .requiredOption(
      '-o, --output <bundle>',
      'folder for the bundle; one that is there is replaced when the new one is whole',
    )
    .option('--data <file>', "labelled rows to fit a head on; without them the checkpoint's own head is kept")
    .option('--eval <file>', 'labelled rows to choose and calibrate on; never the ones you report')
    .option('--none <label>', 'the label of rows that belong to no label')
    .option('--refuse <share>', 'share of in-scope eval rows that may be refused at most', shareBetween(0, 0.5), 0.03)
    .addOption(
      new Option(
        '--recipe <name>',
        'head: a head at full width; fast: every profile too, cut and corrected, nothing trained; full: all of them trained',
      )
        .choices(['head', 'fast', 'full'])
        .default('head'),
    )
    .option('--unlabelled <file>', 'texts without labels: shows a network with a head of its own what it will read')
    .option('--vocab <pieces>', 'pieces of the vocabulary to keep (default: all)', wholeNumber(1, 10_000_000))
    .option('--resume', 'go on where an interrupted build stopped')
    .addOption(new Option('--store <form>', 'how weights are stored').choices(['fp16', 'q8']).default('fp16'))
    .option(
      '--hours <number>',
      'with --recipe full: how long all of it may take (default: what the recipe needs)',
      shareBetween(0.01, 1000),
    )
    .option('--memory <size>', 'with --recipe full: memory that training may take, such as 2G', sizeInBytes)
    .option('--dry-run', 'with --recipe full: say how long it takes and what it needs, by a few steps, and end')
    .option(
      '--training <folder>',
      'with --recipe full: folder where what was learnt stays, and is taken from: another --store or --vocab of the same rows needs no training',
    )
    .option(
      '--epochs <number>',
      'with --recipe full: times that fine-tuning sees every row (default: 6)',
      wholeNumber(1, 1000),
    )
    .option(
      '--slice-epochs <number>',
      'with --recipe full: times that slices learn from every text (default: 12)',
      wholeNumber(1, 1000),
    )
    .option('--learning-rate <rate>', 'with --recipe full: the largest of fine-tuning (default: 0.0001)', aboveZero)
    .addOption(
      new Option(
        '--balance <how>',
        'with --recipe full: how much texts of rare labels count more (default: "none")',
      ).choices(['none', 'root', 'full']),
    )
    .option('--seed <number>', 'makes the build repeatable', wholeNumber(0, 0xffffffff), 1)
    .option('--threads <number>', 'threads inside one operator (default: all cores)', wholeNumber(1, 256))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  snug build ./all-MiniLM-L6-v2 --data train.tsv --eval eval.tsv --none oos -o bundle
  snug build ./all-MiniLM-L6-v2 --data train.tsv --eval eval.tsv --none oos --recipe fast -o bundle
  snug build ./my-fine-tuned-bert -o bundle        (keeps the head that the checkpoint has)

Data files are TSV (text TAB label), CSV with a header, or JSON lines with "text" and "label".`,
    )
    .action(run);
}

async function run(checkpoint: string, options: Options): Promise<void> {
  if ((options.data === undefined) !== (options.eval === undefined))
    throw new SnugError('USAGE', '--data and --eval go together: one to fit on, the other to choose and calibrate on');
  if (options.data === undefined && options.none !== undefined)
    throw new SnugError('USAGE', '--none needs --data and --eval');
  refuseTraining(options);
  const line = new StepLine(process.stderr);
  let signal: string | undefined;
  void untilStopped().then((received) => {
    signal = received;
    line.clear();
    process.stderr.write(`${received}: stopping after the step at hand; once more ends it at once\n`);
  });
  try {
    const request: BuildOptions = {
      checkpoint,
      output: options.output,
      data: options.data,
      evaluation: options.eval,
      none: options.none,
      refuse: options.refuse,
      recipe: options.recipe,
      unlabelled: options.unlabelled,
      vocab: options.vocab,
      resume: options.resume,
      store: options.store,
      training: {
        balance: options.balance,
        epochs: options.epochs,
        sliceEpochs: options.sliceEpochs,
        learningRate: options.learningRate,
        hours: options.hours,
        memory: options.memory,
        folder: options.training,
      },
      seed: options.seed,
      threads: options.threads ?? availableParallelism(),
      version: version(),
      command: ['snug', ...process.argv.slice(2).filter(matters).map(placeless)].map(quoted).join(' '),
      onProgress: (phase, done, total, detail) => {
        if (signal) throw interrupted(signal, phase, options);
        line.update(phase, done, total, detail);
      },
      onNote: (note) => {
        line.clear();
        process.stderr.write(`${note}\n`);
      },
      onWarning: (warning) => {
        line.clear();
        process.stderr.write(`warning: ${warning}\n`);
      },
    };
    if (options.dryRun) return printPlan(await planBuild(request), options, line);
    const { manifest, rows, seconds } = await build(request);
    line.clear();
    const result = {
      bundle: options.output,
      rows,
      labels: manifest.labels,
      seconds: Number(seconds.toFixed(1)),
      ladder: manifest.ladder,
    };
    if (options.json) return printJson(result);
    process.stdout.write(`${options.output}: ${manifest.labels.length} labels, ${seconds.toFixed(0)} s\n\n`);
    process.stdout.write(ladderTable(manifest.ladder));
  } finally {
    line.clear();
  }
}

/** Options that say how to train mean nothing where nothing is trained, and some of them nothing without labels. */
function refuseTraining({ recipe, data, ...options }: Options): void {
  const ofLabels = { epochs: options.epochs, 'learning-rate': options.learningRate, balance: options.balance };
  const all = {
    hours: options.hours,
    memory: options.memory,
    'dry-run': options.dryRun,
    'slice-epochs': options.sliceEpochs,
    training: options.training,
    ...ofLabels,
  };
  const given = (some: Readonly<Record<string, unknown>>) =>
    Object.entries(some).find(([, value]) => value !== undefined)?.[0];
  const [ofTraining, needsLabels] = [given(all), given(ofLabels)];
  if (recipe !== 'full' && ofTraining) throw new SnugError('USAGE', `--${ofTraining} needs --recipe full`);
  if (data === undefined && needsLabels)
    throw new SnugError('USAGE', `--${needsLabels} needs --data and --eval: without them nothing is fine-tuned`);
}

function printPlan(plan: TrainingPlan, { json }: Options, line: StepLine): void {
  line.clear();
  if (json) printJson(plan);
  else process.stdout.write(`${describePlan(plan)}\n`);
}

function interrupted(signal: string, phase: string, { recipe, dryRun }: Options): SnugError {
  const kept =
    recipe === 'head' || dryRun ? {} : { remedy: 'What was done so far is kept: repeat the command with --resume.' };
  return new SnugError('INTERRUPTED', `${signal} while ${phase}`, kept);
}

/** A resumed build gives what an uninterrupted one gives. */
const matters = (word: string) => word !== '--resume';

/** Bundles travel: where things lay on the machine that built one is nobody's business. */
const placeless = (word: string) => (isAbsolute(word) ? basename(word) : word);

/** As a shell would need it. */
const quoted = (word: string) => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
