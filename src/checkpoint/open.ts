/** Opens a checkpoint folder: everything is checked here, so that reading its tensors later has no surprises. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SnugError } from '../errors/index.js';
import { TensorFinder } from './checked-tensors.js';
import { type ModelConfig, readConfig } from './config.js';
import { joined, openDenseHead } from './dense-head.js';
import { type ClassificationHead, findHead } from './head.js';
import { type Identity, identify } from './identity.js';
import { type Pooling, readModules, readPooling, refusePrompts } from './pooling.js';
import type { TensorSource } from './tensor-source.js';
import { readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.js';
import { openWeights } from './weights.js';

export interface Checkpoint {
  readonly folder: string;
  readonly config: ModelConfig;
  /** All tensors of the encoder, and of the head where there is one, under canonical names (see naming.ts). */
  readonly tensors: TensorSource;
  readonly tokenizer: TokenizerFiles;
  readonly pooling: Pooling;
  /** Longest text, in tokens with the two that mark start and end. */
  readonly maxTokens: number;
  readonly head?: ClassificationHead;
  /** Hashes the weights, so it takes time; worked out once. */
  identity(): Promise<Identity>;
  close(): Promise<void>;
}

/**
 * Opens a Hugging Face folder with a BERT, MiniLM or DistilBERT model. Configuration, tensor names, shapes and types are
 * checked; no tensor is read. The caller closes the checkpoint.
 * @throws CHECKPOINT_…, SAFETENSORS_HEADER, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_VALUE
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const kind = await stat(folder).catch(() => undefined);
  if (!kind?.isDirectory()) throw new SnugError('CHECKPOINT_FILE_MISSING', `${folder}: no such folder`);
  await refuseBundle(folder);
  const modules = await readModules(folder);
  await refusePrompts(folder);
  const own = join(folder, modules?.transformer ?? '');
  const config = await readConfig(own);
  const configPath = join(own, 'config.json');
  const weights = await openWeights(own);
  try {
    const finder = new TensorFinder(weights, config, configPath);
    const found = findHead(finder, config, configPath);
    const tensors = finder.find(found?.tensors ?? []);
    // After the tensors: they tell more of a wrong size in config.json than the other files do.
    const pooling = await readPooling(folder, modules, config.hiddenSize);
    const { tokenizer, maxTokens } = await readTokenizerFiles(own, config.positions);
    const dense =
      modules?.dense === undefined
        ? undefined
        : await openDenseHead(join(folder, modules.dense), config, pooling.normalize);
    const paths = [...weights.files.map((file) => file.path), ...(dense ? [dense.path] : [])];
    let identity: Promise<Identity> | undefined;
    return {
      folder,
      config,
      tensors: dense ? joined(tensors, dense.tensors) : tensors,
      tokenizer,
      pooling,
      maxTokens,
      head: dense?.head ?? found?.head,
      identity: () => {
        identity ??= identify(folder, paths, config.nameOrPath);
        return identity;
      },
      close: async () => {
        await weights.close();
        await dense?.close();
      },
    };
  } catch (error) {
    await weights.close();
    throw error;
  }
}

/** A bundle is what becomes of a checkpoint; its tensors are of no use here. */
async function refuseBundle(folder: string): Promise<void> {
  const isThere = (name: string) => stat(join(folder, name)).catch(() => undefined);
  if (!(await isThere('manifest.json')) || (await isThere('config.json')) || (await isThere('modules.json'))) return;
  throw new SnugError('CHECKPOINT_FILE_MISSING', `${folder}: a manifest.json, but no config.json`, {
    remedy: 'This is a bundle already: give the checkpoint that it is to be made of.',
  });
}
