/** The network as an ONNX graph with fused operators, and the weights it reads. Emits; running is the room `infer`'s. */
export {
  type Activation,
  type Bits,
  type EncoderOptions,
  type EncoderShape,
  type LayerShape,
  NIBBLE_BLOCK,
  planEncoder,
} from './encoder.js';
export type { FillWeight, PlannedGraph } from './graph-builder.js';
export { GraphBuilder } from './graph-builder.js';
export { type HeadShape, headTensors } from './head.js';
export { elementTypes, prepackedEntries } from './onnx-schema.js';
export { shapeOf } from './shape.js';
export { countMacsPerToken, countParams } from './size.js';
