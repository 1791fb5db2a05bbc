/** The simplest alternative that a user would pick, a linear classifier over hashed n-grams, beside the bundle on two tasks. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_PROFILE, openBundle } from '../../bundle/index.js';
import { messageOf } from '../../errors/index.js';
import { buildOnce, type Missing } from '../built-bundle.js';
import { type BenchRow, type RowShape, rowOf, unmeasured } from '../row.js';
import { median } from '../statistics.js';
import { readClinc150, readSst2, toTsv } from '../texts.js';
import { HALF_INT8, holds } from './networks.js';
import { type LabelledText, NgramClassifier } from './ngram/classifier.js';

export interface NgramPlan {
  readonly cli: string;
  readonly dataFolder: string | undefined;
  readonly checkpoint: string | undefined;
  /** First digits of the checkpoint's hash. */
  readonly identity: string | undefined;
  readonly cacheFolder: string;
  /** For files of this run. */
  readonly workFolder: string;
  /** On CLINC150. */
  readonly bundle: { readonly folder: string } | Missing;
  readonly say: (line: string) => void;
}

interface Task {
  /** Ends the rows' ids. */
  readonly suffix: '' | '-sst2';
  readonly name: string;
  readonly train: readonly LabelledText[];
  readonly test: readonly LabelledText[];
  /** Chosen on development rows; SST-2 has no others than those it is measured on, which favours the n-grams. */
  readonly cost: number;
  readonly buckets: number;
  readonly bundle: { readonly folder: string } | Missing;
}

/** What one side of a task gave. */
interface Answers {
  readonly accuracy: number;
  readonly bytes: number;
  readonly latencyMs: number;
}

const SEED = 1;
const execute = promisify(execFile);

export async function ngramRows(plan: NgramPlan): Promise<BenchRow[]> {
  const { dataFolder } = plan;
  if (dataFolder === undefined)
    return (['', '-sst2'] as const).flatMap((suffix) =>
      shapesOf(suffix, 'labelled rows', '').map((shape) => unmeasured(shape, 'SNUG_DATA is not set')),
    );
  const tasks = [clinc150, sst2];
  const rows: BenchRow[] = [];
  for (const taskOf of tasks) rows.push(...(await rowsOf(await taskOf(plan, dataFolder), plan)));
  return rows;
}

async function clinc150({ bundle }: NgramPlan, dataFolder: string): Promise<Task> {
  const rows = readClinc150(dataFolder);
  return {
    suffix: '',
    name: "CLINC150's test rows in scope, refusal off",
    train: rows.train.filter(([, label]) => label !== 'oos'),
    test: rows.test.filter(([, label]) => label !== 'oos'),
    cost: 2,
    buckets: 2 ** 15,
    bundle,
  };
}

async function sst2({ cli, checkpoint, identity, cacheFolder, say }: NgramPlan, dataFolder: string): Promise<Task> {
  const { train, dev: test } = readSst2(dataFolder);
  const folder = join(cacheFolder, 'bundles', `sst2-${identity}`);
  const bundle =
    checkpoint === undefined || identity === undefined
      ? { why: 'no checkpoint to build a bundle from' }
      : await buildOnce({ cli, checkpoint, folder, data: { train, eval: test }, say });
  return { suffix: '-sst2', name: "SST-2's development rows", train, test, cost: 1, buckets: 2 ** 16, bundle };
}

function shapesOf(suffix: Task['suffix'], task: string, against: string): RowShape[] {
  const shape = (id: string, what: string, unit: string): RowShape => ({
    id: `ngram-${id}${suffix}`,
    what: `words and character n-grams, hashed, linear SVM, on ${task}: ${what}`,
    unit,
    against: `snug ${against}`.trim(),
  });
  return [
    shape('accuracy', 'share of right answers', ''),
    shape('bytes', 'its weights, in 8 bits, to those of the network', 'MB'),
    shape('latency', 'p50 of one text to its answer, in one process, one thread', 'ms'),
  ];
}

async function rowsOf(task: Task, plan: NgramPlan): Promise<BenchRow[]> {
  const bundle = 'why' in task.bundle ? undefined : await openBundle(task.bundle.folder);
  const profiles = [DEFAULT_PROFILE, ...(holds(bundle, HALF_INT8) ? [HALF_INT8] : [])];
  plan.say(`n-grams on ${task.name}`);
  const { answers, note } = askNgrams(task);
  const rows: BenchRow[] = [];
  for (const profile of profiles) {
    const shapes = shapesOf(task.suffix, task.name, profile).map((shape) =>
      profile === DEFAULT_PROFILE ? shape : { ...shape, id: `${shape.id}-vs-half` },
    );
    try {
      if ('why' in task.bundle) throw new Error(task.bundle.why);
      const other = await askBundle(task.bundle.folder, profile, task, plan);
      const notes = [`${note} ${choiceOf(answers, other)}`, undefined, undefined];
      const pairs = [
        { value: answers.accuracy, reference: other.accuracy },
        { value: answers.bytes / 1e6, reference: other.bytes / 1e6 },
        { value: answers.latencyMs, reference: other.latencyMs },
      ];
      rows.push(...shapes.map((shape, at) => rowOf(shape, [pairs[at]], notes[at])));
    } catch (thrown) {
      const why = messageOf(thrown);
      const values = [answers.accuracy, answers.bytes / 1e6, answers.latencyMs];
      rows.push(
        ...shapes.map(({ against, ...shape }, at) => rowOf(shape, [{ value: values[at] }], `${against}: ${why}`)),
      );
    }
  }
  return rows;
}

function askNgrams({ train, test, buckets, cost }: Task): { answers: Answers; note: string } {
  const started = performance.now();
  const classifier = NgramClassifier.fit(train, { buckets, cost, seed: SEED });
  const fitSeconds = (performance.now() - started) / 1000;
  const taken: number[] = [];
  let right = 0;
  for (const [text, label] of test) {
    const before = performance.now();
    if (classifier.predict(text) === label) right++;
    taken.push(performance.now() - before);
  }
  return {
    answers: { accuracy: right / test.length, bytes: classifier.bytes, latencyMs: median(taken) },
    note: `${buckets} buckets, fitted in ${fitSeconds.toFixed(0)} s on ${train.length} rows of ${classifier.labels.length} labels.`,
  };
}

/** Says where the n-grams are what a user should take. */
function choiceOf(ngrams: Answers, network: Answers): string {
  const quicker = `it answers ${(network.latencyMs / ngrams.latencyMs).toFixed(0)} times as quickly`;
  if (ngrams.accuracy >= network.accuracy) return `The better choice here: no less accurate, and ${quicker}`;
  const points = (100 * (network.accuracy - ngrams.accuracy)).toFixed(1);
  return `The better choice where ${points} points less are good enough and no text has to be refused: ${quicker}`;
}

/** Accuracy of what the bundle answers with refusal off, by `snug eval`, which runs one text at a time on one thread. */
async function askBundle(folder: string, profile: string, { test, suffix }: Task, plan: NgramPlan): Promise<Answers> {
  const file = join(plan.workFolder, `test${suffix}.tsv`);
  await writeFile(file, toTsv(test));
  plan.say(`snug eval ${profile}`);
  const args = [plan.cli, 'eval', folder, '--data', file, '--profile', profile, '--json'];
  const { stdout } = await execute(process.execPath, args, { maxBuffer: 1 << 24 });
  const { inScopeTop1, weightBytes, latencyMs } = JSON.parse(stdout) as {
    inScopeTop1: number;
    weightBytes: number;
    latencyMs: { p50: number };
  };
  return { accuracy: inScopeTop1, bytes: weightBytes, latencyMs: latencyMs.p50 };
}
