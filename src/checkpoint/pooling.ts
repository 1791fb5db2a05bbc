/** How the vectors of a text's tokens become one: the sentence-transformers files of a checkpoint. */
import { isAbsolute, join, normalize } from 'node:path';
import { SnugError } from '../errors/index.js';
import { JsonObject, readJsonFile, readJsonObject } from './json-file.js';

/** `mean_sqrt_len` is the sum over the square root of the number of tokens. Padding never counts. */
export type PoolingMode = 'mean' | 'cls' | 'max' | 'mean_sqrt_len';

export interface Pooling {
  readonly mode: PoolingMode;
  /** Whether the pooled vector is then scaled to length 1. */
  readonly normalize: boolean;
}

/** What modules.json says of a sentence-transformers checkpoint; folders are relative to the checkpoint's. */
export interface SentenceModules {
  /** Where config.json and the weights lie; '' for the folder itself. */
  readonly transformer: string;
  readonly pooling?: string;
  /** A module after pooling that may be a classification head. */
  readonly dense?: string;
  readonly normalize: boolean;
}

/** Flags in 1_Pooling/config.json, and what newer files write as `pooling_mode`. */
const modes: Readonly<Record<string, PoolingMode>> = {
  cls_token: 'cls',
  cls: 'cls',
  mean_tokens: 'mean',
  mean: 'mean',
  max_tokens: 'max',
  max: 'max',
  mean_sqrt_len_tokens: 'mean_sqrt_len',
};

/** Modules that do nothing when a model is used rather than trained. */
const idle = ['Dropout'];

/** Reads modules.json; undefined where there is none. */
export async function readModules(folder: string): Promise<SentenceModules | undefined> {
  const path = join(folder, 'modules.json');
  const list = await readJsonFile(path);
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) throw new SnugError('CHECKPOINT_CONFIG', `${path}: is not a list of modules`);
  let transformer: string | undefined;
  let pooling: string | undefined;
  let dense: string | undefined;
  let normalize = false;
  for (const item of list) {
    const entry = new JsonObject(path, item);
    // The class's own name: the modules around it have moved between versions.
    const type = (entry.string('type') ?? '').split('.').at(-1) ?? '';
    const at = insideFolder(path, entry.string('path') ?? '');
    if (type === 'Transformer' && transformer === undefined) transformer = at;
    else if (type === 'Pooling' && pooling === undefined && !normalize) pooling = at;
    else if (type === 'Normalize' && dense === undefined) normalize = true;
    else if (type === 'Dense' && dense === undefined) dense = at;
    else if (!idle.includes(type)) {
      const what = `module ${type || 'without type'} is not supported here (supported: Transformer, Pooling, Normalize)`;
      throw new SnugError('CHECKPOINT_UNSUPPORTED', `${path}: ${what}`);
    }
  }
  if (transformer === undefined)
    throw new SnugError('CHECKPOINT_UNSUPPORTED', `${path}: no Transformer among the modules`);
  return { transformer, pooling, dense, normalize };
}

/** Refuses a checkpoint that puts words of its own before every text: its vectors would silently differ. */
export async function refusePrompts(folder: string): Promise<void> {
  const raw = await readJsonObject(join(folder, 'config_sentence_transformers.json'));
  const prompt = raw?.string('default_prompt_name');
  if (raw === undefined || prompt === undefined) return;
  const what = `default_prompt_name ${prompt} is set; words put before every text are not supported`;
  throw new SnugError('CHECKPOINT_UNSUPPORTED', `${raw.path}: ${what}`);
}

/** How a checkpoint pools; by the mean where it does not say. */
export async function readPooling(
  folder: string,
  modules: SentenceModules | undefined,
  hiddenSize: number,
): Promise<Pooling> {
  const at = modules === undefined ? '1_Pooling' : modules.pooling;
  const normalize = modules?.normalize ?? false;
  if (at === undefined) return { mode: 'mean', normalize };
  const raw = await readJsonObject(join(folder, at, 'config.json'));
  if (raw === undefined && modules === undefined) return { mode: 'mean', normalize };
  if (raw === undefined)
    throw new SnugError('CHECKPOINT_FILE_MISSING', `${join(folder, at, 'config.json')}: no such file`);
  return { mode: poolingMode(raw, hiddenSize), normalize };
}

/** The mode in 1_Pooling/config.json: one flag `pooling_mode_…` set, or `pooling_mode` by name. */
export function poolingMode(raw: JsonObject, hiddenSize: number): PoolingMode {
  for (const key of ['word_embedding_dimension', 'embedding_dimension']) {
    const size = raw.integer(key, 1, Number.MAX_SAFE_INTEGER);
    if (size !== undefined && size !== hiddenSize) throw raw.wrong(key, `the hidden size, ${hiddenSize}`);
  }
  const flags = raw.keys.filter((key) => key.startsWith('pooling_mode_') && raw.boolean(key));
  const named = raw.get('pooling_mode');
  const listed: unknown[] = named === undefined ? [] : Array.isArray(named) ? named : [named];
  const chosen = listed.length > 0 ? listed.map(String) : flags.map((flag) => flag.slice('pooling_mode_'.length));
  const mode = chosen.length === 1 && Object.hasOwn(modes, chosen[0]) ? modes[chosen[0]] : undefined;
  if (mode !== undefined) return mode;
  const what = chosen.length === 0 ? 'no pooling mode is set' : `pooling by ${chosen.join(' and ')} is not supported`;
  throw new SnugError(
    'CHECKPOINT_UNSUPPORTED',
    `${raw.path}: ${what} (supported: ${Object.keys(modes).join(', ')}, one of them)`,
  );
}

function insideFolder(file: string, path: string): string {
  const clean = normalize(path === '' ? '.' : path);
  if (!isAbsolute(clean) && !clean.split(/[/\\]/).includes('..') && !clean.includes('\0'))
    return clean === '.' ? '' : clean;
  throw new SnugError('CHECKPOINT_CONFIG', `${file}: path ${JSON.stringify(path)} leads out of the checkpoint`);
}
