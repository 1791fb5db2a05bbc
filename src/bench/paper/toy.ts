/**
 * The network of the paper that Snug set out from (arXiv 2501.00042), decoded from its table of parameters and bytes: an
 * embedding, one head of attention and a projection back to the vocabulary, without biases. Its numbers are random: the paper
 * gives neither weights nor accuracy.
 */
import type { TensorSource } from '../../checkpoint/index.js';
import { SnugError } from '../../errors/index.js';
import { seededRandom } from '../../train/index.js';

export const vocabSize = 1000;

/** Row-major matrices: `embedding` [vocab, hidden], `query`, `key` and `value` [hidden, inner], `output` [inner, vocab]. */
export const matrices = ['embedding', 'query', 'key', 'value', 'output'] as const;
export type MatrixName = (typeof matrices)[number];

export interface Toy {
  readonly hiddenSize: number;
  /** Channels inside the head: `hiddenSize` unless pruned. */
  readonly innerSize: number;
  readonly values: Readonly<Record<MatrixName, Float64Array>>;
}

export function shapeOfMatrix({ hiddenSize, innerSize }: Omit<Toy, 'values'>, name: MatrixName): [number, number] {
  if (name === 'embedding') return [vocabSize, hiddenSize];
  return name === 'output' ? [innerSize, vocabSize] : [hiddenSize, innerSize];
}

/** A toy of the paper's baseline form: as many channels inside the head as outside. */
export function randomToy(hiddenSize: number, seed: number): Toy {
  const random = seededRandom(seed);
  const sizes = { hiddenSize, innerSize: hiddenSize };
  const matrix = (name: MatrixName) => {
    const [rows, columns] = shapeOfMatrix(sizes, name);
    // Uniform of unit variance; a product's inputs are divided among its rows, so that every stage stays near one.
    const scale = Math.sqrt(3 / (name === 'embedding' ? 1 : rows));
    return Float64Array.from({ length: rows * columns }, () => (2 * random() - 1) * scale);
  };
  return { ...sizes, values: eachMatrix(matrix) };
}

/**
 * A slice as Snug cuts one: smaller matrices, the first `hiddenSize` channels of the residual and the first `innerSize` of the
 * head. With one head there is no whole head to drop, so pruning takes channels inside it.
 */
export function cutToy(master: Toy, hiddenSize: number, innerSize: number): Toy {
  const sizes = { hiddenSize, innerSize };
  const matrix = (name: MatrixName) => {
    const [rows, columns] = shapeOfMatrix(sizes, name);
    const width = shapeOfMatrix(master, name)[1];
    const cut = new Float64Array(rows * columns);
    for (let row = 0; row < rows; row++)
      cut.set(master.values[name].subarray(row * width, row * width + columns), row * columns);
    return cut;
  };
  return { ...sizes, values: eachMatrix(matrix) };
}

const eachMatrix = (make: (name: MatrixName) => Float64Array) => ({
  embedding: make('embedding'),
  query: make('query'),
  key: make('key'),
  value: make('value'),
  output: make('output'),
});

/** The emitter reads no source: its weights are the toy's. */
export const noSource: TensorSource = {
  names: [],
  has: () => false,
  shape: missing,
  read: missing,
  readRows: missing,
};

function missing(name: string): never {
  throw new SnugError('TENSOR_MISSING', `${name}: the paper's network has no checkpoint`);
}
