/** Named tensors that are read one at a time. */

/** Where weights come from: a safetensors file, several shards, or a checkpoint under canonical names. */
export interface TensorSource {
  /** Every tensor's name, in the order stored. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** Sizes of the dimensions, outermost first. Throws TENSOR_MISSING. */
  shape(name: string): readonly number[];
  /** The whole tensor as 32-bit floats, row after row. Stored as F32, F16 or BF16, else throws TENSOR_VALUE. */
  read(name: string): Promise<Float32Array>;
  /** Rows `from` up to but not including `to` of the first dimension, as 32-bit floats. */
  readRows(name: string, from: number, to: number): Promise<Float32Array>;
}
