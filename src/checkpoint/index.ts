/**
 * Reads a checkpoint: a Hugging Face folder with `config.json`, `model.safetensors` and a tokenizer. Knows nobody but
 * `errors`. Tensors are read one at a time, under one naming for all families.
 */
export type { Activation, Family, ModelConfig, Problem } from './config.js';
export { bfloatToFloat, floatToHalf, halfToFloat } from './half-float.js';
export type { ClassificationHead } from './head.js';
export type { Identity } from './identity.js';
export { type Checkpoint, openCheckpoint } from './open.js';
export type { Pooling, PoolingMode } from './pooling.js';
export { SafetensorsFile } from './safetensors.js';
export type { Dtype, TensorEntry } from './safetensors-header.js';
export { type TensorToWrite, type WrittenFile, writeSafetensors } from './safetensors-write.js';
export type { TensorSource } from './tensor-source.js';
export type { TokenizerFiles } from './tokenizer-files.js';
