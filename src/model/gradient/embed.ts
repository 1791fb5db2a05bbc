/** The embedding as two graphs: word, position and token type vectors added up and normalised. */
import { dropping } from './drop.js';
import { Emitter, type Real } from './emitter.js';
import { normalise, normaliseGradient, standardised } from './normalise.js';

export interface EmbedGraphOptions {
  readonly tokenTypes: boolean;
  readonly layerNormEps: number;
  readonly dropout: boolean;
  readonly type?: Real;
}

export const EMBED_SAVED = { sum: ['rows', 'channels'], mean: ['rows', 'one'], inverse: ['rows', 'one'] } as const;
export const EMBED_DROP = 'drop_embedded';

const MATRIX = ['rows', 'channels'];
const NORM = 'LayerNorm';

/**
 * `ids` int64 [rows], `mask` [batch, tokens], the tables whole: `words` [vocabulary, hidden], `positions` [positions, hidden],
 * `types` [types, hidden] → `y` [rows, channels], as many channels as the normalisation has, and the values of `EMBED_SAVED`.
 */
export function embedForwardGraph(options: EmbedGraphOptions): Promise<Uint8Array> {
  const emit = new Emitter('embed_forward', options.type);
  const drop = dropping(emit, options.dropout);
  const ids = emit.whole('ids', 'int64', ['rows']);
  const mask = emit.input('mask', ['batch', 'tokens']);
  const [weight, bias] = [emit.input(`${NORM}.weight`, ['channels']), emit.input(`${NORM}.bias`, ['channels'])];
  const channels = emit.shape(weight);
  const tokens = emit.shape(mask, 1, 2);
  const corner = (matrix: string, rows: string) =>
    emit.node('Slice', [matrix, emit.ints(0, 0), emit.node('Concat', [rows, channels], { axis: 0 }), emit.ints(0, 1)]);
  const gathered = emit.node('Gather', [emit.input('words', ['vocabulary', 'hidden']), ids], { axis: 0 });
  const words = emit.node('Slice', [gathered, emit.ints(0), channels, emit.ints(1)]);
  let places = corner(emit.input('positions', ['positions', 'hidden']), tokens);
  if (options.tokenTypes) places = emit.add(places, corner(emit.input('types', ['types', 'hidden']), emit.ints(1)));
  const texts = emit.reshape(words, emit.node('Concat', [emit.shape(mask), channels], { axis: 0 }));
  const sum = emit.reshape(emit.add(texts, places), emit.shape(words));
  const { y, mean, inverse } = normalise(emit, 'embedded', sum, weight, bias, options.layerNormEps);
  emit.output('y', drop(y, EMBED_DROP, MATRIX), MATRIX);
  emit.output('sum', sum, EMBED_SAVED.sum);
  emit.output('mean', mean, EMBED_SAVED.mean);
  emit.output('inverse', inverse, EMBED_SAVED.inverse);
  return emit.encode();
}

/**
 * `dy` and what the forward graph gave → `d.words` [rows, channels], the gradient of each row's word vector, `d.positions`
 * [tokens, channels], `d.types` [channels] (of type 0), and those of the normalisation.
 */
export function embedBackwardGraph(options: EmbedGraphOptions): Promise<Uint8Array> {
  const emit = new Emitter('embed_backward', options.type);
  const drop = dropping(emit, options.dropout);
  const mask = emit.input('mask', ['batch', 'tokens']);
  const weight = emit.input(`${NORM}.weight`, ['channels']);
  const dy = drop(emit.input('dy', MATRIX), EMBED_DROP, MATRIX);
  const [sum, mean, inverse] = (['sum', 'mean', 'inverse'] as const).map((name) => emit.input(name, EMBED_SAVED[name]));
  const gradients = normaliseGradient(emit, standardised(emit, sum, { mean, inverse }), inverse, weight, dy);
  emit.output(`d.${NORM}.weight`, gradients.weight, ['channels']);
  emit.output(`d.${NORM}.bias`, gradients.bias, ['channels']);
  emit.output('d.words', gradients.x, MATRIX);
  const shape = emit.node('Concat', [emit.shape(mask), emit.ints(-1)], { axis: 0 });
  const positions = emit.sum(emit.reshape(gradients.x, shape), 0);
  emit.output('d.positions', positions, ['tokens', 'channels']);
  if (options.tokenTypes) emit.output('d.types', emit.sum(positions, 0), ['channels']);
  return emit.encode();
}
