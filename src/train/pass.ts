/** One batch on its way through the blocks of a network, and back. */

import {
  BACKWARD_PARAMETERS,
  CLASSIFY_DROP,
  EMBED_DROP,
  EMBED_SAVED,
  KEEP,
  LAYER_DROPS,
  LAYER_PARTS,
  LAYER_SAVED,
} from '../model/gradient/index.js';
import { type EncoderShape, headTensors } from '../model/index.js';
import { Tensor } from '../runtime/index.js';
import type { Batch } from './batch.js';
import type { Arrays, Block, Blocks } from './blocks.js';
import { type Drops, layerDrop } from './dropout.js';
import { addHiddenLoss, type HiddenTargets } from './hidden-loss.js';
import { EMBEDDING_NORM, layerName, type Parameters, POSITIONS, TYPES, WORDS } from './parameters.js';
import { addLeading, type SliceWeights } from './slice.js';

/** What is wanted of a batch; weights are those of a sum over its texts: 1 / texts for a mean. */
export interface Wanted {
  /** [texts × labels]; a row of zeros for a text without label. */
  readonly targets: Float32Array;
  readonly hardWeight: number;
  /** A teacher's probabilities at a temperature. */
  readonly teacher?: { readonly soft: Float32Array; readonly weight: number; readonly temperature: number };
  /** A teacher's hidden states. */
  readonly hidden?: HiddenTargets;
}

export interface Answer {
  readonly loss: number;
  /** [texts × labels] */
  readonly logits: Float32Array;
}

/** What all passes share. */
export interface Ground {
  readonly shape: EncoderShape;
  readonly parameters: Parameters;
  readonly blocks: Blocks;
  readonly arrays: Arrays;
}

type Feeds = Record<string, Tensor>;

/** Sizes of a run by the names that the graphs use for them. */
type Sizes = Readonly<Record<string, number>>;

const LAYER_PARAMETERS = LAYER_PARTS.flatMap((part) => [`${part}.weight`, `${part}.bias`]);

/** Steps are taken in order: forward from the embedding to the loss, then back. */
export class Pass {
  private readonly sizes: Sizes;
  private readonly mask: Tensor;

  /** Which of two arrays holds the gradient on its way down. */
  private turn = 0;

  constructor(
    private readonly on: Ground,
    private readonly weights: SliceWeights,
    private readonly batch: Batch,
    private readonly drops: Drops | undefined,
  ) {
    const { texts, tokens } = batch;
    const [labels, channels] = weights.shape(headTensors.weight);
    this.sizes = { batch: texts, tokens, rows: texts * tokens, channels, labels, one: 1 };
    this.mask = new Tensor('float32', batch.mask, [texts, tokens]);
  }

  async embed(): Promise<void> {
    const feeds = {
      ...this.embedding(),
      ids: new Tensor('int64', this.batch.ids, [this.sizes.rows]),
      words: this.table(WORDS),
      positions: this.table(POSITIONS),
      ...(this.on.shape.tokenTypes && { types: this.table(TYPES) }),
      'LayerNorm.bias': this.weight(`${EMBEDDING_NORM}.bias`),
    };
    await this.block('embedForward', feeds, { y: this.state(0), ...this.kept('embedding', EMBED_SAVED, this.sizes) });
  }

  async layer(index: number, keep: string): Promise<void> {
    const feeds = { ...this.layerFeeds(index), ...this.layerWeights(index, LAYER_PARAMETERS) };
    const saved = this.kept(keep, LAYER_SAVED, this.layerSizes(index));
    await this.block('layerForward', feeds, { y: this.state(index + 1), ...saved });
  }

  async classify(wanted: Wanted): Promise<Answer> {
    const loss = new Float32Array(1);
    const logits = this.newLogits();
    await this.block(
      'classify',
      this.classifyFeeds(wanted),
      { loss: new Tensor('float32', loss, []), logits, dh: this.gradient() },
      { 'd.weight': headTensors.weight, 'd.bias': headTensors.bias },
    );
    return { loss: loss[0], logits: logits.data as Float32Array };
  }

  /** What the head says, and nothing else. */
  async logits(): Promise<Float32Array> {
    const logits = this.newLogits();
    const targets = new Float32Array(logits.size);
    await this.block('classify', this.classifyFeeds({ targets, hardWeight: 0 }), { logits });
    return logits.data as Float32Array;
  }

  /** Adds what a state (0 is the embedding) is off a teacher's to its gradient, which is on its way down; gives the loss. */
  addHiddenLoss(targets: HiddenTargets, index: number): number {
    const [student, gradient] = [this.state(index).data as Float32Array, this.gradient().data as Float32Array];
    return addHiddenLoss(targets, index, student, this.sizes.channels, this.batch.mask, gradient);
  }

  /** The results of the embedding and of every layer, until the next run. */
  states(): Float32Array[] {
    return Array.from(
      { length: this.on.shape.layers.length + 1 },
      (_, index) => this.state(index).data as Float32Array,
    );
  }

  /** Replaces the gradient of the layer's result by that of its input. */
  async layerBackward(index: number, keep: string): Promise<void> {
    const feeds = {
      ...this.layerFeeds(index),
      ...this.layerWeights(index, BACKWARD_PARAMETERS),
      ...this.kept(keep, LAYER_SAVED, this.layerSizes(index)),
      dy: this.gradient(),
    };
    const names = Object.fromEntries(LAYER_PARAMETERS.map((part) => [`d.${part}`, layerName(index, part)]));
    this.turn = 1 - this.turn;
    await this.block('layerBackward', feeds, { dx: this.gradient() }, names);
  }

  async embedBackward(): Promise<void> {
    const { rows, tokens, channels } = this.sizes;
    const words = this.on.arrays.take('d.words', [rows, channels]);
    const positions = this.on.arrays.take('d.positions', [tokens, channels]);
    const types = this.on.shape.tokenTypes ? this.on.arrays.take('d.types', [channels]) : undefined;
    const feeds = { ...this.embedding(), ...this.kept('embedding', EMBED_SAVED, this.sizes), dy: this.gradient() };
    await this.block(
      'embedBackward',
      feeds,
      { 'd.words': words, 'd.positions': positions, ...(types && { 'd.types': types }) },
      { 'd.LayerNorm.weight': `${EMBEDDING_NORM}.weight`, 'd.LayerNorm.bias': `${EMBEDDING_NORM}.bias` },
    );
    this.addWords(words.data as Float32Array);
    const add = (name: string, { dims, data }: Tensor) =>
      addLeading(this.on.parameters.of(name), dims, this.on.parameters.gradientOf(name), data as Float32Array);
    add(POSITIONS, positions);
    if (types) add(TYPES, types);
  }

  /** Each row's gradient to its word's; padding has none. */
  private addWords(rows: Float32Array): void {
    const { shape, gradient } = this.on.parameters.of(WORDS);
    const { channels } = this.sizes;
    for (const [row, id] of this.batch.ids.entries()) {
      if (this.batch.mask[row] === 0) continue;
      this.on.parameters.touchedWords.add(Number(id));
      const [from, to] = [row * channels, Number(id) * shape[1]];
      for (let i = 0; i < channels; i++) gradient[to + i] += rows[from + i];
    }
  }

  /** Runs a block; `parameters` names the parameter whose gradient each of its outputs is. */
  private async block(
    block: Block,
    feeds: Feeds,
    results: Feeds,
    parameters: Record<string, string> = {},
  ): Promise<void> {
    const gradients = Object.entries(parameters).map(([output, name]) => {
      const shape = this.weights.shape(name);
      const own = this.weights.gradientTarget(name);
      return { output, name, tensor: own ? new Tensor('float32', own, shape) : this.on.arrays.take(output, shape) };
    });
    const all = { ...results, ...Object.fromEntries(gradients.map(({ output, tensor }) => [output, tensor])) };
    await this.on.blocks.run(block, this.drops !== undefined, feeds, all);
    for (const { name, tensor } of gradients) await this.weights.add(name, tensor.data as Float32Array);
  }

  private newLogits(): Tensor {
    const { batch, labels } = this.sizes;
    return new Tensor('float32', new Float32Array(batch * labels), [batch, labels]);
  }

  private classifyFeeds({ targets, hardWeight, teacher }: Wanted): Feeds {
    const { batch: texts, tokens, labels, channels } = this.sizes;
    const real = (value: number) => new Tensor('float32', Float32Array.of(value), []);
    return {
      h: this.state(this.on.shape.layers.length),
      shares: new Tensor('float32', this.batch.shares, [texts, tokens]),
      weight: this.weight(headTensors.weight),
      bias: this.weight(headTensors.bias),
      targets: new Tensor('float32', targets, [texts, labels]),
      soft: new Tensor('float32', teacher?.soft ?? new Float32Array(texts * labels), [texts, labels]),
      temperature: real(teacher?.temperature ?? 1),
      hard_weight: real(hardWeight),
      soft_weight: real(teacher?.weight ?? 0),
      ...this.dropFeeds([[CLASSIFY_DROP, CLASSIFY_DROP, [texts, channels]]]),
    };
  }

  private embedding(): Feeds {
    return {
      mask: this.mask,
      'LayerNorm.weight': this.weight(`${EMBEDDING_NORM}.weight`),
      ...this.dropFeeds([[EMBED_DROP, EMBED_DROP, [this.sizes.rows, this.sizes.channels]]]),
    };
  }

  private layerFeeds(index: number): Feeds {
    const sizes = this.layerSizes(index);
    const drops = Object.entries(LAYER_DROPS).map(
      ([input, dims]) => [input, layerDrop(index, input), dims.map((dim) => sizes[dim])] as const,
    );
    return { x: this.state(index), mask: this.mask, ...this.dropFeeds(drops) };
  }

  private layerWeights(index: number, names: readonly string[]): Feeds {
    return Object.fromEntries(names.map((name) => [name, this.weight(layerName(index, name))]));
  }

  private layerSizes(index: number): Sizes {
    const [width] = this.weights.shape(layerName(index, 'attention.self.query.bias'));
    const [neurons] = this.weights.shape(layerName(index, 'intermediate.dense.bias'));
    const { headSize } = this.on.shape;
    return { ...this.sizes, width, neurons, headSize, heads: width / headSize };
  }

  private dropFeeds(inputs: readonly (readonly [input: string, mask: string, dims: readonly number[]])[]): Feeds {
    const { drops } = this;
    if (!drops) return {};
    const feeds: Feeds = { [KEEP]: new Tensor('float32', Float32Array.of(drops.keep), []) };
    for (const [input, name, dims] of inputs) {
      const mask = drops.masks.get(name);
      if (mask) feeds[input] = new Tensor('uint8', mask, dims);
    }
    return feeds;
  }

  private kept(keep: string, saved: Readonly<Record<string, readonly string[]>>, sizes: Sizes): Feeds {
    return Object.fromEntries(
      Object.entries(saved).map(([name, dims]) => [
        name,
        this.on.arrays.take(
          `${keep}.${name}`,
          dims.map((dim) => sizes[dim]),
        ),
      ]),
    );
  }

  /** What a layer reads: 0 is the embedding. */
  private state(index: number): Tensor {
    return this.on.arrays.take(`state.${index}`, [this.sizes.rows, this.sizes.channels]);
  }

  /** The gradient on its way down. */
  private gradient(): Tensor {
    return this.on.arrays.take(`gradient.${this.turn}`, [this.sizes.rows, this.sizes.channels]);
  }

  private weight(name: string): Tensor {
    return new Tensor('float32', this.weights.values(name), this.weights.shape(name));
  }

  private table(name: string): Tensor {
    const { values, shape } = this.on.parameters.of(name);
    return new Tensor('float32', values, shape);
  }
}
