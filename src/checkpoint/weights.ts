/** Finds the weights of a checkpoint: one safetensors file or several shards with an index. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SnugError } from '../errors/index.js';
import { type JsonObject, readJsonObject } from './json-file.js';
import { SafetensorsFile } from './safetensors.js';

export const weightsFile = 'model.safetensors';
export const weightsIndex = 'model.safetensors.index.json';

/** Weights in formats that can run code when read, or that other frameworks own. */
const foreignWeights = [
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'tf_model.h5',
  'flax_model.msgpack',
  'model.ckpt.index',
];

/** All weights files of a checkpoint, as one. */
export class Weights {
  private readonly fileOf = new Map<string, SafetensorsFile>();

  constructor(readonly files: readonly SafetensorsFile[]) {
    for (const file of files) {
      for (const name of file.names) {
        const other = this.fileOf.get(name);
        if (other !== undefined) {
          throw new SnugError('SAFETENSORS_HEADER', `${file.path}: tensor ${name} is in ${other.path} as well`);
        }
        this.fileOf.set(name, file);
      }
    }
  }

  get names(): readonly string[] {
    return [...this.fileOf.keys()];
  }

  /** The file that holds a tensor, or undefined. */
  holding(name: string): SafetensorsFile | undefined {
    return this.fileOf.get(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.files.map((file) => file.close()));
  }
}

/**
 * Opens the weights of a checkpoint folder and checks their headers; gaps are left to the caller, who knows which tensor
 * is missing there.
 * @throws CHECKPOINT_FILE_MISSING, CHECKPOINT_WEIGHTS_FORMAT, SAFETENSORS_HEADER, TENSOR_MISSING
 */
export async function openWeights(folder: string): Promise<Weights> {
  const path = join(folder, weightsFile);
  if (await exists(path)) return await openAll([path]);
  const index = await readJsonObject(join(folder, weightsIndex));
  if (index === undefined) throw await noWeights(folder);
  const placed = weightMap(index);
  const weights = await openAll([...new Set(placed.values())].map((shard) => join(folder, shard)));
  for (const [name, shard] of placed) {
    if (weights.holding(name)?.path === join(folder, shard)) continue;
    await weights.close();
    throw new SnugError(
      'TENSOR_MISSING',
      `${join(folder, shard)}: no tensor ${name}, which ${weightsIndex} says is there`,
    );
  }
  return weights;
}

/** The index's map from tensor to shard; a shard must lie in the same folder. */
export function weightMap(index: JsonObject): ReadonlyMap<string, string> {
  const map = index.get('weight_map');
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw index.wrong('weight_map', 'an object from tensor names to file names');
  }
  const placed = new Map<string, string>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || !/^[^/\\\0]+\.safetensors$/.test(shard)) {
      const what = `tensor ${name} is placed in ${JSON.stringify(shard)}, which is no safetensors file of this folder`;
      throw new SnugError('CHECKPOINT_CONFIG', `${index.path}: ${what}`);
    }
    placed.set(name, shard);
  }
  return placed;
}

async function openAll(paths: readonly string[]): Promise<Weights> {
  const files: SafetensorsFile[] = [];
  try {
    for (const path of paths) files.push(await SafetensorsFile.open(path, { allowGaps: true }));
    return new Weights(files);
  } catch (error) {
    await Promise.all(files.map((file) => file.close()));
    throw error;
  }
}

async function noWeights(folder: string): Promise<SnugError> {
  for (const name of foreignWeights) {
    if (!(await exists(join(folder, name)))) continue;
    return new SnugError('CHECKPOINT_WEIGHTS_FORMAT', `${join(folder, name)}: only ${weightsFile} is read`, {
      remedy:
        "Convert it to model.safetensors once, where Python with transformers is installed: AutoModel.from_pretrained('FOLDER')" +
        ".save_pretrained('FOLDER', safe_serialization=True), with AutoModelForSequenceClassification for a model with a head.",
    });
  }
  return new SnugError('CHECKPOINT_FILE_MISSING', `${join(folder, weightsFile)}: no such file, nor ${weightsIndex}`);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
