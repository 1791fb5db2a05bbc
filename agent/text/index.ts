/** From bytes to text: decoding, several lines joined, the field picked, filters, sampling, context. Patterns can't hang the agent. */
export { Decoder } from './decode.js';
export { Joiner } from './join.js';
export { compilePattern } from './pattern.js';
export type { Piece } from './piece.js';
export { type LeftOutCause, type Refined, Refiner, type TextRules } from './refine.js';
