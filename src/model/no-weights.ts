/** A source without tensors, for graphs whose weights are fed like data. */
import type { TensorSource } from '../checkpoint/index.js';

export const noWeights: TensorSource = {
  names: [],
  has: () => false,
  shape: () => [],
  read: async () => new Float32Array(),
  readRows: async () => new Float32Array(),
};
