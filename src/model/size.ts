/** How large a network is, counted, not measured. */
import type { EncoderOptions, EncoderShape } from './encoder.js';

/** Numbers that the network was trained or fitted to have; scales, copies and padding don't count. */
export function countParams(shape: EncoderShape, { head, bag }: EncoderOptions): number {
  const { hiddenSize: hidden, vocabSize, maxTokens, tokenTypes } = shape;
  const tables = bag ? vocabSize * (hidden + 1) : (vocabSize + maxTokens + (tokenTypes ? 1 : 0)) * hidden;
  const embeddings = tables + 2 * hidden;
  const layers = shape.layers.map(({ heads, neurons }) => {
    const width = heads * shape.headSize;
    const attention = 3 * (hidden + 1) * width + (width + 1) * hidden;
    const feedForward = (hidden + 1) * neurons + (neurons + 1) * hidden;
    return attention + feedForward + 4 * hidden;
  });
  const classifier = head ? head.labels * (head.hiddenSize + 1) : 0;
  const inner = head?.kind === 'checkpoint' ? head.hiddenSize * (head.inputSize + 1) : 0;
  const prototypes = head?.kind === 'fitted' ? head.prototypes * hidden : 0;
  return embeddings + layers.reduce((sum, count) => sum + count, 0) + classifier + inner + prototypes;
}

/** Multiplications with weights for one token; attention among tokens and the head, which runs once a text, don't count. */
export function countMacsPerToken({ hiddenSize, headSize, layers }: EncoderShape): number {
  return layers.reduce((sum, { heads, neurons }) => sum + hiddenSize * (4 * heads * headSize + 2 * neurons), 0);
}
