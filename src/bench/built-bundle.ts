/** Bundles that benchmarks build for themselves, once, into the cache. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../files/index.js';
import { toTsv } from './texts.js';

export type Missing = { readonly why: string };

type LabelledText = readonly [text: string, label: string];

export interface BundleToBuild {
  /** Snug's compiled command. */
  readonly cli: string;
  readonly checkpoint: string;
  /** In the cache; names what the bundle is made of. */
  readonly folder: string;
  readonly data: {
    readonly train: readonly LabelledText[];
    readonly eval: readonly LabelledText[];
    /** The label of rows that belong to no label. */
    readonly none?: string;
  };
  readonly say: (line: string) => void;
}

/** The bundle in the folder if it is whole, else one built there, in fp16 as `snug build` stores it. */
export async function buildOnce(wanted: BundleToBuild): Promise<{ folder: string } | Missing> {
  const { cli, checkpoint, folder, data, say } = wanted;
  if (existsSync(folder) && (await ends(cli, ['info', folder]))) return { folder };
  say(`building ${folder} (once)`);
  await makeFolder(dirname(folder));
  const [train, evaluation] = [`${folder}-train.tsv`, `${folder}-eval.tsv`];
  await writeFile(train, toTsv(data.train));
  await writeFile(evaluation, toTsv(data.eval));
  await rm(folder, { recursive: true, force: true });
  const none = data.none === undefined ? [] : ['--none', data.none];
  const args = ['build', checkpoint, '--data', train, '--eval', evaluation, ...none, '--recipe', 'head', '-o', folder];
  if (await ends(cli, args)) return { folder };
  return { why: 'no bundle: snug build failed (its message stands above)' };
}

/** Runs a command of Snug; true where it ended well. */
function ends(cli: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}
