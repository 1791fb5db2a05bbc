/** Forward and backward graphs of training: what an operator gives, and what its gradient is. Emits; running is the room `train`'s. */
export { CLASSIFY_DROP, type ClassifyGraphOptions, classifyGraph } from './classify.js';
export { KEEP } from './drop.js';
export { EMBED_DROP, EMBED_SAVED, type EmbedGraphOptions, embedBackwardGraph, embedForwardGraph } from './embed.js';
export {
  BACKWARD_PARAMETERS,
  LAYER_DROPS,
  LAYER_PARTS,
  LAYER_SAVED,
  type LayerGraphOptions,
  layerBackwardGraph,
  layerForwardGraph,
} from './layer.js';
export { OPTIMISE_SCALARS, type OptimiseScalars, optimiseGraph, squaresGraph } from './optimise.js';
