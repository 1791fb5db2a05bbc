/** A graph in onnxruntime: token ids in, vectors and logits out. */

import { messageOf, SnugError } from '../errors/index.js';
import { InferenceSession, Tensor } from '../runtime/index.js';

export interface SessionOptions {
  /** Threads inside one operator. */
  readonly threads: number;
}

/** Outputs by name; a row a text. */
export type Outputs<Name extends string> = Record<Name, Float32Array>;

export class EncoderSession {
  private readonly isMasked: boolean;

  private constructor(
    private readonly session: InferenceSession,
    /** How long opening it kept the event loop, in ms: the runtime does it on this thread. */
    readonly openMs: number,
  ) {
    this.isMasked = session.inputNames.includes('attention_mask');
  }

  /** Opens a `.onnx` file by path, so that its weights are mapped. @throws MODEL_LOAD */
  static async open(path: string, { threads }: SessionOptions): Promise<EncoderSession> {
    let startedMs = 0;
    // The runtime begins in the immediate after this one.
    setImmediate(() => {
      startedMs = performance.now();
    });
    try {
      const session = await InferenceSession.create(path, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        // The file was optimised when it was written; batches differ in shape, so no memory pattern repeats.
        graphOptimizationLevel: 'disabled',
        enableMemPattern: false,
        logSeverityLevel: 3,
        // A thread that spins for work burns a core at a few records a second.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      });
      return new EncoderSession(session, startedMs > 0 ? performance.now() - startedMs : 0);
    } catch (error) {
      throw new SnugError('MODEL_LOAD', `${path}: ${messageOf(error)}`, { cause: error });
    }
  }

  has(output: string): boolean {
    return this.session.outputNames.includes(output);
  }

  /** Runs one batch; shorter rows are padded on the right and masked, unless the graph is for rows of one length. */
  async run<Name extends string>(
    rows: readonly (readonly number[])[],
    padTokenId: number,
    names: readonly Name[],
  ): Promise<Outputs<Name>> {
    const tokens = Math.max(...rows.map((row) => row.length));
    const ids = new Int64Rows(rows.length, tokens);
    for (const [index, row] of rows.entries()) ids.fill(index, row, padTokenId);
    const feeds: Record<string, Tensor> = { input_ids: ids.tensor() };
    if (this.isMasked) {
      const mask = new Int64Rows(rows.length, tokens);
      for (const [index, row] of rows.entries()) mask.ones(index, row.length);
      feeds.attention_mask = mask.tensor();
    } else if (rows.some((row) => row.length !== tokens)) throw new Error('this graph takes texts of one length only');
    const results = await this.session.run(feeds, [...names]);
    return Object.fromEntries(names.map((name) => [name, results[name].data])) as Outputs<Name>;
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** An int64 matrix written through its low words: ids are small, and a BigInt a token would be an allocation a token. */
class Int64Rows {
  private readonly words: Int32Array;

  constructor(
    private readonly rows: number,
    private readonly columns: number,
  ) {
    this.words = new Int32Array(rows * columns * 2);
  }

  fill(row: number, values: readonly number[], rest: number): void {
    let at = row * this.columns * 2;
    for (let column = 0; column < this.columns; column++, at += 2)
      this.words[at] = column < values.length ? values[column] : rest;
  }

  ones(row: number, count: number): void {
    for (let column = 0, at = row * this.columns * 2; column < count; column++, at += 2) this.words[at] = 1;
  }

  tensor(): Tensor {
    return new Tensor('int64', new BigInt64Array(this.words.buffer), [this.rows, this.columns]);
  }
}
