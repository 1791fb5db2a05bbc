/**
 * A classification head over pooled vectors: the Dense module of a sentence-transformers checkpoint, where it gives a number for each
 * label that config.json names and nothing comes after it.
 */
import { join } from 'node:path';
import { SnugError } from '../errors/index.js';
import type { ModelConfig } from './config.js';
import type { PooledHead } from './head.js';
import { readJsonObject } from './json-file.js';
import { SafetensorsFile } from './safetensors.js';
import type { TensorSource } from './tensor-source.js';
import { weightsFile } from './weights.js';

export interface DenseHead {
  readonly head: PooledHead;
  /** `head.weight` [labels, hidden] and `head.bias` [labels]. */
  readonly tensors: TensorSource;
  readonly path: string;
  close(): Promise<void>;
}

const stored: Readonly<Record<string, string>> = { 'head.weight': 'linear.weight', 'head.bias': 'linear.bias' };

/** @throws CHECKPOINT_UNSUPPORTED where the module is something else, CHECKPOINT_…, SAFETENSORS_HEADER, TENSOR_… */
export async function openDenseHead(folder: string, config: ModelConfig, normalize: boolean): Promise<DenseHead> {
  const configPath = join(folder, 'config.json');
  const raw = await readJsonObject(configPath);
  if (raw === undefined) throw new SnugError('CHECKPOINT_FILE_MISSING', `${configPath}: no such file`);
  const labels = config.idToLabel;
  const isLinear = raw.string('activation_function')?.split('.').at(-1) === 'Identity' && raw.boolean('bias') !== false;
  const outputs = raw.integer('out_features', 1, Number.MAX_SAFE_INTEGER);
  if (!isLinear || labels === undefined || labels.length !== outputs || labels.length < 2)
    throw new SnugError(
      'CHECKPOINT_UNSUPPORTED',
      `${configPath}: a Dense module is read only as a classification head: linear, with an output for each label of id2label`,
    );
  const path = join(folder, weightsFile);
  const file = await SafetensorsFile.open(path);
  try {
    const shapes = { 'head.weight': [outputs, config.hiddenSize], 'head.bias': [outputs] };
    for (const [name, shape] of Object.entries(shapes)) {
      if (!file.has(stored[name])) throw new SnugError('TENSOR_MISSING', `${path}: no tensor ${stored[name]}`);
      const found = file.shape(stored[name]);
      if (String(found) !== String(shape))
        throw new SnugError(
          'TENSOR_SHAPE',
          `${path}: tensor ${stored[name]} is [${found.join(', ')}], not [${shape.join(', ')}]`,
        );
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    head: { kind: 'pooled', labels, problem: config.problem ?? 'single', normalize },
    tensors: renamed(file),
    path,
    close: () => file.close(),
  };
}

function renamed(file: SafetensorsFile): TensorSource {
  return {
    names: Object.keys(stored),
    has: (name) => Object.hasOwn(stored, name),
    shape: (name) => file.shape(stored[name]),
    read: (name) => file.read(stored[name]),
    readRows: (name, from, to) => file.readRows(stored[name], from, to),
  };
}

/** Two sources as one. */
export function joined(one: TensorSource, other: TensorSource): TensorSource {
  const of = (name: string) => (other.has(name) ? other : one);
  return {
    names: [...one.names, ...other.names],
    has: (name) => one.has(name) || other.has(name),
    shape: (name) => of(name).shape(name),
    read: (name) => of(name).read(name),
    readRows: (name, from, to) => of(name).readRows(name, from, to),
  };
}
