/** A profile in memory: tokenizer, session and decision, behind the interface that the agent and the library use. */
import type { IntegrityCheck } from '../bundle/index.js';
import { SnugError } from '../errors/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { batchesByLength } from './batches.js';
import { type Decision, decide } from './decide.js';
import type { EncoderSession } from './session.js';
import type { Model, Prediction } from './types.js';

export interface Parts {
  readonly profile: string;
  readonly tokenizer: Tokenizer;
  readonly session: EncoderSession;
  /** Bits a weight of the profile. */
  readonly bits: number;
  readonly decision: Decision;
  /** The checkpoint's number of each channel of a vector; undefined where they are in its order. */
  readonly channels?: readonly number[];
  /** Watches the files that the session maps. */
  readonly integrity?: IntegrityCheck;
}

/** What the graph says of one text. */
export interface RawAnswer {
  readonly logits: Float32Array;
  /** Undefined where the head has no prototypes. */
  readonly similarity: number | undefined;
  readonly truncated: boolean;
}

/** The library is called from plain JavaScript too. */
function requireTexts(texts: unknown): asserts texts is readonly string[] {
  if (Array.isArray(texts) && texts.every((text) => typeof text === 'string')) return;
  throw new SnugError('USAGE', 'texts must be a list of strings', { remedy: "Call predict(['one text', 'another'])." });
}

export class LoadedModel implements Model {
  readonly profile: string;
  readonly labels: readonly string[];
  readonly noneLabel: string;
  readonly openMs: number;
  /** The last call; onnxruntime runs one batch at a time, so calls queue here. */
  private last: Promise<unknown> = Promise.resolve();
  private closed: Promise<void> | undefined;
  private places: readonly number[] | undefined;

  constructor(private readonly parts: Parts) {
    this.profile = parts.profile;
    this.labels = parts.decision.labels;
    this.noneLabel = parts.decision.noneLabel;
    this.openMs = parts.session.openMs;
  }

  /** Token ids of a text as the model sees them. */
  encode(text: string): { ids: readonly number[]; truncated: boolean } {
    return this.parts.tokenizer.encode(text);
  }

  async predict(texts: readonly string[]): Promise<Prediction[]> {
    requireTexts(texts);
    const answers = await this.answers(texts);
    return answers.map(({ logits, similarity, truncated }) => {
      const prediction = decide(logits, similarity, this.parts.decision);
      return truncated ? { ...prediction, truncated } : prediction;
    });
  }

  /** Logits and similarity, before any decision. */
  answers(texts: readonly string[]): Promise<RawAnswer[]> {
    return this.inTurn(async () => {
      const answers = new Array<RawAnswer>(texts.length);
      const hasSimilarity = this.parts.session.has('similarity');
      const names = hasSimilarity ? (['logits', 'similarity'] as const) : (['logits'] as const);
      await this.eachBatch(texts, names, false, (indices, truncated, outputs) => {
        const size = this.labels.length;
        for (const [row, index] of indices.entries())
          answers[index] = {
            logits: outputs.logits.subarray(row * size, (row + 1) * size),
            similarity: 'similarity' in outputs ? outputs.similarity[row] : undefined,
            truncated: truncated[index],
          };
      });
      return answers;
    });
  }

  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    requireTexts(texts);
    return this.inTurn(async () => {
      const vectors = new Array<Float32Array>(texts.length);
      // One scale serves a whole 8-bit batch: a vector is only its own when the text runs alone.
      const alone = this.parts.bits < 32;
      await this.eachBatch(texts, ['pooled'], alone, (indices, _, { pooled }) => {
        const size = pooled.length / indices.length;
        for (const [row, index] of indices.entries())
          vectors[index] = this.inCheckpointOrder(pooled.slice(row * size, (row + 1) * size));
      });
      return vectors;
    });
  }

  /** A vector's kept channels as the checkpoint has them: at full width the vector is the checkpoint's own. */
  private inCheckpointOrder(vector: Float32Array): Float32Array {
    const { channels } = this.parts;
    if (!channels) return vector;
    this.places ??= placesOf(channels.slice(0, vector.length));
    return Float32Array.from(this.places, (place) => vector[place]);
  }

  /** Waits for the calls before it; later ones are refused. Closing twice is closing once. */
  close(): Promise<void> {
    this.parts.integrity?.stop();
    this.closed ??= this.last.then(() => this.parts.session.release());
    return this.closed;
  }

  private async eachBatch<Name extends string>(
    texts: readonly string[],
    names: readonly Name[],
    alone: boolean,
    take: (indices: readonly number[], truncated: readonly boolean[], outputs: Record<Name, Float32Array>) => void,
  ): Promise<void> {
    const encoded = texts.map((text) => this.encode(text));
    const truncated = encoded.map((one) => one.truncated);
    const batches = alone ? texts.map((_, index) => [index]) : batchesByLength(encoded.map(({ ids }) => ids.length));
    for (const indices of batches) {
      const rows = indices.map((index) => encoded[index].ids);
      take(indices, truncated, await this.parts.session.run(rows, this.parts.tokenizer.padTokenId, names));
    }
  }

  private inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.closed) return Promise.reject(new SnugError('MODEL_CLOSED', `${this.profile}: asked after close()`));
    const result = this.last.then(() => {
      if (this.parts.integrity?.problem) throw this.parts.integrity.problem;
      return call();
    });
    this.last = result.catch(() => {});
    return result;
  }
}

/** Where each of some channels stands, in ascending order of their numbers. */
function placesOf(channels: readonly number[]): number[] {
  return channels
    .map((channel, place) => ({ channel, place }))
    .sort((a, b) => a.channel - b.channel)
    .map(({ place }) => place);
}
