/**
 * An encoder layer as two graphs: forward, which gives out what the gradients need, and backward. Their weights are fed like
 * data under the checkpoint's names, and no size is fixed but that of a head, so one pair serves all layers and slices.
 */
import type { Activation } from '../encoder.js';
import { activate, activatedWithSlope } from './activate.js';
import { affine, affineInput, affineParameters, type ParameterGradients } from './affine.js';
import { attend, attendGradient } from './attend.js';
import { dropping } from './drop.js';
import { Emitter, type Real } from './emitter.js';
import { normalise, normaliseGradient, standardised } from './normalise.js';

export interface LayerGraphOptions {
  readonly headSize: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly dropout: boolean;
  /** float64 is for holding gradients against differences. */
  readonly type?: Real;
}

/** Parts of a layer's parameter names, each with a `.weight` and a `.bias`. */
export const LAYER_PARTS = [
  'attention.self.query',
  'attention.self.key',
  'attention.self.value',
  'attention.output.dense',
  'attention.output.LayerNorm',
  'intermediate.dense',
  'output.dense',
  'output.LayerNorm',
] as const;
type Part = (typeof LAYER_PARTS)[number];

/** What the forward graph gives out beside `y` for the backward graph, and the sizes of each. */
export const LAYER_SAVED = {
  q: ['batch', 'heads', 'tokens', 'headSize'],
  k: ['batch', 'heads', 'tokens', 'headSize'],
  v: ['batch', 'heads', 'tokens', 'headSize'],
  probabilities: ['batch', 'heads', 'tokens', 'tokens'],
  context: ['rows', 'width'],
  sum1: ['rows', 'channels'],
  mean1: ['rows', 'one'],
  inverse1: ['rows', 'one'],
  raised: ['rows', 'neurons'],
  sum2: ['rows', 'channels'],
  mean2: ['rows', 'one'],
  inverse2: ['rows', 'one'],
} as const;

/** uint8 masks of a layer with dropout, and the sizes of each. */
export const LAYER_DROPS = {
  drop_probabilities: ['batch', 'heads', 'tokens', 'tokens'],
  drop_attended: ['rows', 'channels'],
  drop_lowered: ['rows', 'channels'],
} as const;

const MATRIX = ['rows', 'channels'];

/** `x` [rows, channels], `mask` [batch, tokens], parameters → `y` [rows, channels] and the values of `LAYER_SAVED`. */
export function layerForwardGraph(options: LayerGraphOptions): Promise<Uint8Array> {
  const emit = new Emitter('layer_forward', options.type);
  const { drop, weights, layout } = prepared(emit, options);
  const x = emit.input('x', MATRIX);
  const vectors = (part: Part) => [weights(part), weights(part, 'bias')] as const;
  const linear = (input: string, part: Part) => affine(emit, input, ...vectors(part));

  const [q, k, v] = (['query', 'key', 'value'] as const).map((part) => linear(x, `attention.self.${part}`));
  const { context, heads, probabilities } = attend(emit, { q, k, v }, layout, (p) => drop(p, 'drop_probabilities'));
  const attended = drop(linear(context, 'attention.output.dense'), 'drop_attended');
  const sum1 = emit.add(attended, x);
  const one = normalise(emit, 'one', sum1, ...vectors('attention.output.LayerNorm'), options.layerNormEps);
  const raised = linear(one.y, 'intermediate.dense');
  const lowered = drop(linear(activate(emit, raised, options.activation), 'output.dense'), 'drop_lowered');
  const sum2 = emit.add(lowered, one.y);
  const two = normalise(emit, 'two', sum2, ...vectors('output.LayerNorm'), options.layerNormEps);

  emit.output('y', two.y, MATRIX);
  const moments = { mean1: one.mean, inverse1: one.inverse, mean2: two.mean, inverse2: two.inverse };
  const saved = { ...heads, probabilities, context, sum1, raised, sum2, ...moments };
  for (const [name, value] of Object.entries(saved))
    emit.output(name, value, LAYER_SAVED[name as keyof typeof LAYER_SAVED]);
  return emit.encode();
}

/** `dy`, what the forward graph read and gave → `dx` [rows, channels], and a gradient `d.NAME` of every parameter. */
export function layerBackwardGraph(options: LayerGraphOptions): Promise<Uint8Array> {
  const emit = new Emitter('layer_backward', options.type);
  const { drop, weights, layout } = prepared(emit, options);
  const [x, dy] = [emit.input('x', MATRIX), emit.input('dy', MATRIX)];
  const saved = (name: keyof typeof LAYER_SAVED) => emit.input(name, LAYER_SAVED[name]);
  const give = (part: Part, { weight, bias }: ParameterGradients) => {
    emit.output(`d.${part}.weight`, weight, [`d.${part}.0`, `d.${part}.1`].slice(part.endsWith('Norm') ? 1 : 0));
    emit.output(`d.${part}.bias`, bias, [`d.${part}.0`]);
  };

  const standard2 = standardised(emit, saved('sum2'), { mean: saved('mean2'), inverse: saved('inverse2') });
  const two = normaliseGradient(emit, standard2, 'inverse2', weights('output.LayerNorm'), dy);
  give('output.LayerNorm', two);
  const dLowered = drop(two.x, 'drop_lowered');
  const { value: active, slope } = activatedWithSlope(emit, saved('raised'), options.activation);
  give('output.dense', affineParameters(emit, active, dLowered));
  const dRaised = emit.multiply(affineInput(emit, weights('output.dense'), dLowered), slope);

  const scale1 = weights('attention.output.LayerNorm');
  const standard1 = standardised(emit, saved('sum1'), { mean: saved('mean1'), inverse: saved('inverse1') });
  const y1 = emit.add(emit.multiply(standard1, scale1), weights('attention.output.LayerNorm', 'bias'));
  give('intermediate.dense', affineParameters(emit, y1, dRaised));
  const dy1 = affineInput(emit, weights('intermediate.dense'), dRaised, two.x);

  const one = normaliseGradient(emit, standard1, 'inverse1', scale1, dy1);
  give('attention.output.LayerNorm', one);
  const dAttended = drop(one.x, 'drop_attended');
  give('attention.output.dense', affineParameters(emit, saved('context'), dAttended));
  const dContext = affineInput(emit, weights('attention.output.dense'), dAttended);
  const heads = { q: saved('q'), k: saved('k'), v: saved('v') };
  const gradients = attendGradient(
    emit,
    heads,
    saved('probabilities'),
    layout,
    (p) => drop(p, 'drop_probabilities'),
    dContext,
  );
  let dx = one.x;
  for (const [part, dPart] of [
    ['query', gradients.q],
    ['key', gradients.k],
    ['value', gradients.v],
  ] as const) {
    give(`attention.self.${part}`, affineParameters(emit, x, dPart));
    dx = affineInput(emit, weights(`attention.self.${part}`), dPart, dx);
  }
  emit.output('dx', dx, MATRIX);
  return emit.encode();
}

function prepared(emit: Emitter, { headSize, dropout }: LayerGraphOptions) {
  const dropBy = dropping(emit, dropout);
  const drop = (value: string, mask: keyof typeof LAYER_DROPS) => dropBy(value, mask, [...LAYER_DROPS[mask]]);
  const weights = (part: Part, kind: 'weight' | 'bias' = 'weight') => {
    const matrix = kind === 'weight' && !part.endsWith('Norm');
    return emit.input(`${part}.${kind}`, matrix ? [`${part}.0`, `${part}.1`] : [`${part}.0`]);
  };
  return { drop, weights, layout: { mask: emit.input('mask', ['batch', 'tokens']), headSize } };
}

/** Names of the backward graph's inputs among a layer's parameters: biases of products are no part of any gradient. */
export const BACKWARD_PARAMETERS: readonly string[] = [
  ...LAYER_PARTS.map((part) => `${part}.weight`),
  'attention.output.LayerNorm.bias',
];
