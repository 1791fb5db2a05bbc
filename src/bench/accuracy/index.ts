/**
 * `snug bench accuracy`: what profiles lose against the full fp32 model on test rows, before and after training, over seeds, and
 * beside n-grams. A bundle that is given is measured, which takes minutes and goes on where it was stopped; its record stays, and
 * the table is made of all records.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Workplace } from '../../build/workplace.js';
import { openBundle } from '../../bundle/index.js';
import { readRows } from '../../data/index.js';
import { SnugError } from '../../errors/index.js';
import { makeFolder } from '../../files/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { NgramClassifier } from '../models/ngram/classifier.js';
import { type BenchRow, unmeasured } from '../row.js';
import { type LabelledText, noneLabel, readClinc150, readSst2, toTsv } from '../texts.js';
import { measureBundle } from './measure.js';
import { type RunRecord, readRecords, recordFolders } from './record.js';
import { ngramRow, rowsOf } from './rows.js';

export const accuracyBenchmark: Benchmark = {
  name: 'accuracy',
  summary:
    'what profiles lose on test rows before and after training (--bundle measures one more; goes on where it was stopped)',
  async run(options) {
    if (options.bundle !== undefined) await measureGiven(options, options.bundle);
    const records = readRecords(recordFolders(options.packageRoot, options.cacheFolder));
    if (records.length === 0)
      return [unmeasured({ id: 'accuracy', what: 'no finished run', unit: '' }, 'give --bundle to measure one')];
    return allRows(records, options);
  },
};

interface Task {
  readonly id: string;
  readonly train: readonly LabelledText[];
  readonly test: readonly LabelledText[];
  /** Of the n-gram classifier, chosen on development rows. */
  readonly ngrams: { readonly buckets: number; readonly cost: number };
}

function tasks(dataFolder: string): Task[] {
  const clinc = readClinc150(dataFolder);
  const sst2 = readSst2(dataFolder);
  return [
    { id: 'clinc150', train: clinc.train, test: clinc.test, ngrams: { buckets: 2 ** 15, cost: 2 } },
    { id: 'sst2', train: sst2.train, test: sst2.dev, ngrams: { buckets: 2 ** 16, cost: 1 } },
  ];
}

function requireData({ dataFolder }: BenchOptions): string {
  if (dataFolder !== undefined) return dataFolder;
  throw new SnugError('BENCH_DATA', 'no test rows to measure with: SNUG_DATA is not set');
}

async function measureGiven(options: BenchOptions, folder: string): Promise<void> {
  const bundle = await openBundle(folder);
  const { labels, head } = bundle.manifest;
  if (head.kind === 'checkpoint')
    throw new SnugError('BENCH_DATA', `${folder} kept its checkpoint's head: no rows of its own to pick profiles by`, {
      remedy: 'Measure one profile with snug eval --profile.',
    });
  const task = tasks(requireData(options)).find(({ train }) => {
    const known = new Set(train.map(([, label]) => label));
    return labels.every((label) => known.has(label));
  });
  if (!task) throw new SnugError('BENCH_DATA', `${folder}: its labels are those of no task here`);
  const place = join(options.cacheFolder, 'accuracy');
  await makeFolder(place);
  const name = `${task.id}-${bundle.manifest.recipe}-${bundle.identity.slice(0, 12)}`;
  const notebook = await Workplace.notebook(join(place, name), { bundle: bundle.identity });
  const file = notebook.path('test.tsv');
  await writeFile(file, toTsv(task.test));
  const rows = await readRows(file);
  const record = await measureBundle(bundle, { task: task.id, rows, file }, notebook, options.say);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, `${name}.json`), `${JSON.stringify(record, null, 2)}\n`);
  await notebook.remove();
}

async function allRows(records: readonly RunRecord[], options: BenchOptions): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const task of [...new Set(records.map((record) => record.task))]) {
    const data = options.dataFolder && tasks(options.dataFolder).find(({ id }) => id === task);
    const ngrams = data ? ngramAccuracy(data, options) : undefined;
    for (const recipe of ['full', 'fast', 'head']) {
      const alike = records.filter((record) => record.task === task && record.recipe === recipe);
      if (alike.length === 0) continue;
      rows.push(...rowsOf(task, recipe, alike));
      if (ngrams !== undefined) rows.push(ngramRow(task, alike[0], ngrams));
    }
  }
  return rows;
}

function ngramAccuracy({ id, train, test, ngrams }: Task, { say }: BenchOptions): number {
  say(`n-grams on ${id}`);
  const inScope = (rows: readonly LabelledText[]) => rows.filter(([, label]) => label !== noneLabel);
  const classifier = NgramClassifier.fit(inScope(train), { ...ngrams, seed: 1 });
  const asked = inScope(test);
  return asked.filter(([text, label]) => classifier.predict(text) === label).length / asked.length;
}
