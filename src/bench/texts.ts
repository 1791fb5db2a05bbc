/** CLINC150's texts for benchmarks: each once, in an order that is the same on every machine. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRows } from '../data/index.js';
import { SnugError } from '../errors/index.js';

/** The label that CLINC150's out-of-scope rows get in the files written here. */
export const noneLabel = 'oos';

export type LabelledText = readonly [text: string, label: string];

interface Rows {
  readonly train: readonly LabelledText[];
  readonly eval: readonly LabelledText[];
  readonly test: readonly LabelledText[];
}

/** CLINC150 out of the data folder: in-scope and out-of-scope rows of each split. */
export function readClinc150(dataFolder: string): Rows {
  const path = join(dataFolder, 'clinc150', 'data_full.json');
  let data: Record<string, [string, string][]>;
  try {
    data = JSON.parse(readFileSync(path, 'utf8')) as Record<string, [string, string][]>;
  } catch (cause) {
    throw new SnugError('BENCH_DATA', `${path} could not be read as CLINC150's data_full.json`, { cause });
  }
  const of = (...names: string[]) => names.flatMap((name) => data[name] ?? []);
  return { train: of('train', 'oos_train'), eval: of('val', 'oos_val'), test: of('test', 'oos_test') };
}

/** SST-2's sentences, labelled 0 and 1, out of the data folder. @throws BENCH_DATA */
export function readSst2(dataFolder: string): Record<'train' | 'dev', LabelledText[]> {
  const read = (split: string): LabelledText[] => {
    const path = join(dataFolder, 'sst2', `${split}.tsv`);
    try {
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      return lines.map((line) => [line.slice(0, line.lastIndexOf('\t')), line.slice(line.lastIndexOf('\t') + 1)]);
    } catch (cause) {
      throw new SnugError('BENCH_DATA', `${path} could not be read as rows of SST-2`, { cause });
    }
  };
  return { train: read('train'), dev: read('dev') };
}

/** Unique texts, the test split's first, each split in a fixed random order, without line breaks. */
export function uniqueTexts(rows: Rows): string[] {
  const seen = new Set<string>();
  const random = generator(1);
  for (const split of [rows.test, rows.eval, rows.train]) {
    const texts = split.map(([text]) => oneLine(text)).filter((text) => text !== '');
    for (let last = texts.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [texts[last], texts[other]] = [texts[other], texts[last]];
    }
    for (const text of texts) seen.add(text);
  }
  return [...seen];
}

/** Unique texts of the first example that has a stream, in its order. @throws BENCH_DATA, DATA_… */
export async function exampleTexts(examplesFolder: string): Promise<string[]> {
  const names = existsSync(examplesFolder) ? readdirSync(examplesFolder).sort() : [];
  const stream = names.map((name) => join(examplesFolder, name, 'stream.tsv')).find((path) => existsSync(path));
  if (stream === undefined)
    throw new SnugError(
      'BENCH_DATA',
      `no texts to measure with: SNUG_DATA is not set and ${examplesFolder} holds no stream.tsv`,
    );
  return [...new Set((await readRows(stream)).map(({ text }) => oneLine(text)))];
}

/** Rows as the tab-separated file that `snug build` reads. */
export function toTsv(rows: readonly (readonly [text: string, label: string])[]): string {
  return rows.map(([text, label]) => `${oneLine(text)}\t${label}\n`).join('');
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

/** Mulberry32: small, seeded, the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
