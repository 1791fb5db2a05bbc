/**
 * Loss, logits and the gradients of every parameter for a batch (Rumelhart et al., 1986), layer by layer in onnxruntime: what
 * a layer's gradient needs is kept from the forward pass, or worked out anew where memory is short.
 */
import type { EncoderShape } from '../model/index.js';
import type { Batch } from './batch.js';
import { Arrays, Blocks } from './blocks.js';
import type { Drops } from './dropout.js';
import { MatrixProducts } from './matrix-products.js';
import type { Parameters } from './parameters.js';
import { type Answer, Pass, type Wanted } from './pass.js';
import { type Slice, type SliceRoom, SliceWeights, wholeSlice } from './slice.js';

export type { Answer, Wanted } from './pass.js';

export interface RunOptions {
  /** The whole network where it is left out. */
  readonly slice?: SliceWeights;
  readonly drops?: Drops;
}

export interface BackpropagationOptions {
  readonly threads: number;
  /** Keeps only each layer's input, and runs a layer forward once more before its gradient. */
  readonly recompute?: boolean;
}

export class Backpropagation {
  private readonly arrays = new Arrays();
  private readonly blocks: Blocks;
  private readonly whole: SliceWeights;
  private readonly room: SliceRoom = new Map();
  private readonly products: MatrixProducts;

  constructor(
    private readonly shape: EncoderShape,
    private readonly parameters: Parameters,
    private readonly options: BackpropagationOptions,
  ) {
    this.blocks = new Blocks({ ...shape, threads: options.threads });
    this.products = new MatrixProducts(options.threads);
    this.whole = this.slice(wholeSlice(shape));
  }

  /** A nested slice's weights; `refresh` them before a run after every step, and after another slice ran: all lie in the same room. */
  slice(slice: Slice): SliceWeights {
    return new SliceWeights(this.parameters, slice, this.shape.headSize, this.products, this.room);
  }

  /** Bytes of activations and scratch arrays so far. */
  get bytes(): number {
    return this.arrays.bytes;
  }

  /** Adds the batch's gradients to those that the parameters hold. */
  async run(batch: Batch, wanted: Wanted, { slice = this.whole, drops }: RunOptions = {}): Promise<Answer> {
    const pass = this.pass(slice, batch, drops);
    const last = this.shape.layers.length - 1;
    const keep = (index: number) => (this.options.recompute ? 'any' : String(index));
    await pass.embed();
    for (let index = 0; index <= last; index++) await pass.layer(index, keep(index));
    const answer = await pass.classify(wanted);
    let { loss } = answer;
    const addHidden = (state: number) => {
      if (wanted.hidden) loss += pass.addHiddenLoss(wanted.hidden, state);
    };
    addHidden(last + 1);
    for (let index = last; index >= 0; index--) {
      // The last layer's values are still there.
      if (this.options.recompute && index < last) await pass.layer(index, keep(index));
      await pass.layerBackward(index, keep(index));
      addHidden(index);
    }
    await pass.embedBackward();
    return { ...answer, loss };
  }

  /** What the network says, without gradients: `logits` [texts × labels]. */
  async logits(batch: Batch, slice: SliceWeights = this.whole): Promise<Float32Array> {
    return (await this.answers(batch, slice)).logits;
  }

  /** The same with the hidden states, which are good until the next run. */
  async answers(
    batch: Batch,
    slice: SliceWeights = this.whole,
  ): Promise<{ readonly logits: Float32Array; readonly states: readonly Float32Array[] }> {
    const pass = this.pass(slice, batch);
    await pass.embed();
    for (const index of this.shape.layers.keys()) await pass.layer(index, 'any');
    return { logits: await pass.logits(), states: pass.states() };
  }

  private pass(slice: SliceWeights, batch: Batch, drops?: Drops): Pass {
    const { shape, parameters, blocks, arrays } = this;
    return new Pass({ shape, parameters, blocks, arrays }, slice, batch, drops);
  }

  async close(): Promise<void> {
    this.arrays.clear();
    await this.blocks.close();
    await this.products.close();
  }
}
