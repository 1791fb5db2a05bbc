/** The graphs of training as sessions, made when first asked for, whose results land in arrays that are kept. */

import {
  classifyGraph,
  embedBackwardGraph,
  embedForwardGraph,
  layerBackwardGraph,
  layerForwardGraph,
} from '../model/gradient/index.js';
import type { Activation } from '../model/index.js';
import { Tensor } from '../runtime/index.js';
import { StepSession } from './session.js';

export interface BlockOptions {
  readonly headSize: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly tokenTypes: boolean;
  readonly threads: number;
}

export type Block = 'embedForward' | 'layerForward' | 'classify' | 'layerBackward' | 'embedBackward';

/** Arrays by name, each as long as the longest that was asked for: the memory of a run is that of its largest batch. */
export class Arrays {
  private readonly held = new Map<string, Float32Array>();

  take(name: string, dims: readonly number[]): Tensor {
    const count = dims.reduce((product, size) => product * size, 1);
    let array = this.held.get(name);
    if (!array || array.length < count) {
      array = new Float32Array(count);
      this.held.set(name, array);
    }
    return new Tensor('float32', array.subarray(0, count), dims);
  }

  get bytes(): number {
    return [...this.held.values()].reduce((sum, array) => sum + array.byteLength, 0);
  }

  clear(): void {
    this.held.clear();
  }
}

export class Blocks {
  private readonly sessions = new Map<string, Promise<StepSession>>();

  constructor(private readonly options: BlockOptions) {}

  /** Runs a block; results are written into `results`, by the graph's names. */
  async run(
    block: Block,
    dropout: boolean,
    feeds: Record<string, Tensor>,
    results: Record<string, Tensor>,
  ): Promise<void> {
    const session = await this.session(block, dropout);
    await session.run(feeds, results);
  }

  async close(): Promise<void> {
    const open = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of open) await (await session).release();
  }

  private session(block: Block, dropout: boolean): Promise<StepSession> {
    const key = `${block} ${dropout}`;
    const known = this.sessions.get(key);
    if (known) return known;
    const made = this.graph(block, dropout).then((graph) => StepSession.open(graph, this.options.threads));
    this.sessions.set(key, made);
    return made;
  }

  private graph(block: Block, dropout: boolean): Promise<Uint8Array> {
    const options = { ...this.options, dropout };
    if (block === 'embedForward') return embedForwardGraph(options);
    if (block === 'layerForward') return layerForwardGraph(options);
    if (block === 'classify') return classifyGraph(options);
    if (block === 'layerBackward') return layerBackwardGraph(options);
    return embedBackwardGraph(options);
  }
}
