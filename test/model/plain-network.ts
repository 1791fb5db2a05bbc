/** A transformer encoder written out in plain loops, in double precision: slow, and easy to believe. */
import type { TensorSource } from '../../src/checkpoint/index.js';
import type { Activation, EncoderShape } from '../../src/model/index.js';
import { seededRandom } from '../../src/train/index.js';

type Rows = number[][];

/** Tensors in memory. */
export class Tensors implements TensorSource {
  constructor(private readonly held: Map<string, { shape: readonly number[]; values: Float32Array }>) {}

  get names(): readonly string[] {
    return [...this.held.keys()];
  }

  has(name: string): boolean {
    return this.held.has(name);
  }

  shape(name: string): readonly number[] {
    return this.of(name).shape;
  }

  values(name: string): Float32Array {
    return this.of(name).values;
  }

  async read(name: string): Promise<Float32Array> {
    return this.of(name).values.slice();
  }

  async readRows(name: string, from: number, to: number): Promise<Float32Array> {
    const { shape, values } = this.of(name);
    const columns = values.length / shape[0];
    return values.slice(from * columns, to * columns);
  }

  private of(name: string) {
    const tensor = this.held.get(name);
    if (!tensor) throw new Error(`no tensor ${name}`);
    return tensor;
  }
}

/** Random weights for a shape, of a size that keeps activations near one; `extra` adds tensors by name and shape. */
export function randomNetwork(
  shape: EncoderShape,
  seed: number,
  extra: Record<string, readonly number[]> = {},
): Tensors {
  const random = seededRandom(seed);
  const held = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  const add = (name: string, dims: readonly number[], scale: number, offset = 0) => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: count }, () => offset + scale * (random() + random() - 1) * 2.4);
    held.set(name, { shape: dims, values });
  };
  const { hiddenSize: hidden } = shape;
  const linear = (name: string, outputs: number, inputs: number) => {
    add(`${name}.weight`, [outputs, inputs], 1 / Math.sqrt(inputs));
    add(`${name}.bias`, [outputs], 0.2);
  };
  const norm = (name: string) => {
    add(`${name}.weight`, [hidden], 0.2, 1);
    add(`${name}.bias`, [hidden], 0.2);
  };
  add('embeddings.word_embeddings.weight', [shape.vocabSize, hidden], 1);
  add('embeddings.position_embeddings.weight', [shape.maxTokens, hidden], 0.5);
  if (shape.tokenTypes) add('embeddings.token_type_embeddings.weight', [2, hidden], 0.5);
  norm('embeddings.LayerNorm');
  for (const [index, { heads, neurons }] of shape.layers.entries()) {
    const at = `encoder.layer.${index}`;
    for (const part of ['query', 'key', 'value'])
      linear(`${at}.attention.self.${part}`, heads * shape.headSize, hidden);
    linear(`${at}.attention.output.dense`, hidden, heads * shape.headSize);
    norm(`${at}.attention.output.LayerNorm`);
    linear(`${at}.intermediate.dense`, neurons, hidden);
    linear(`${at}.output.dense`, hidden, neurons);
    norm(`${at}.output.LayerNorm`);
  }
  for (const [name, dims] of Object.entries(extra)) add(name, dims, 1 / Math.sqrt(dims.at(-1) ?? 1));
  return new Tensors(held);
}

/** Hidden states of one text: embedding first, then every layer, each [token][channel]. */
export function plainStates(tensors: Tensors, shape: EncoderShape, ids: readonly number[]): Rows[] {
  const { hiddenSize: hidden } = shape;
  const word = tensors.values('embeddings.word_embeddings.weight');
  const position = tensors.values('embeddings.position_embeddings.weight');
  const type = shape.tokenTypes ? tensors.values('embeddings.token_type_embeddings.weight') : new Float32Array(hidden);
  const norm = (rows: Rows, name: string) =>
    rows.map((row) =>
      normalised(row, tensors.values(`${name}.weight`), tensors.values(`${name}.bias`), shape.layerNormEps),
    );
  const linear = (rows: Rows, name: string) => {
    const [weight, bias] = [tensors.values(`${name}.weight`), tensors.values(`${name}.bias`)];
    return rows.map((row) =>
      Array.from(bias, (b, out) => row.reduce((sum, x, i) => sum + x * weight[out * row.length + i], b)),
    );
  };
  const add = (a: Rows, b: Rows) => a.map((row, i) => row.map((x, j) => x + b[i][j]));
  let states = norm(
    ids.map((id, at) =>
      Array.from({ length: hidden }, (_, c) => word[id * hidden + c] + position[at * hidden + c] + type[c]),
    ),
    'embeddings.LayerNorm',
  );
  const all = [states];
  for (const [index, { heads }] of shape.layers.entries()) {
    const at = `encoder.layer.${index}`;
    const [q, k, v] = ['query', 'key', 'value'].map((part) => linear(states, `${at}.attention.self.${part}`));
    const context = attended(q, k, v, heads, shape.headSize);
    states = norm(add(linear(context, `${at}.attention.output.dense`), states), `${at}.attention.output.LayerNorm`);
    const inner = linear(states, `${at}.intermediate.dense`).map((row) =>
      row.map((x) => activated(x, shape.activation)),
    );
    states = norm(add(linear(inner, `${at}.output.dense`), states), `${at}.output.LayerNorm`);
    all.push(states);
  }
  return all;
}

export function plainMean(states: Rows): number[] {
  return states[0].map((_, channel) => states.reduce((sum, row) => sum + row[channel], 0) / states.length);
}

function normalised(row: number[], gamma: Float32Array, beta: Float32Array, eps: number): number[] {
  const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
  const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
  return row.map((x, i) => ((x - mean) / Math.sqrt(variance + eps)) * gamma[i] + beta[i]);
}

function attended(q: Rows, k: Rows, v: Rows, heads: number, size: number): Rows {
  return q.map((query) => {
    const context: number[] = [];
    for (let head = 0; head < heads; head++) {
      const channels = Array.from({ length: size }, (_, i) => head * size + i);
      const scores = k.map((key) => channels.reduce((sum, c) => sum + query[c] * key[c], 0) / Math.sqrt(size));
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((sum, x) => sum + x, 0);
      for (const c of channels) context.push(weights.reduce((sum, w, i) => sum + (w / total) * v[i][c], 0));
    }
    return context;
  });
}

function activated(x: number, activation: Activation): number {
  if (activation === 'relu') return Math.max(0, x);
  if (activation === 'gelu_new') return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** By its Taylor series, which converges everywhere; beyond 4 it is one to eight digits. */
function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let [sum, term] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-12; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
