/** WordPiece: each word is spelled with the longest pieces of the vocabulary from the left, or is unknown as a whole. */
import { BertWords, type WordSink } from './bert-words.js';
import type { AddedToken, BertNormalizerOptions, Encoding, Tokenizer } from './types.js';
import { hashByte, hashBytes, type Vocabulary } from './vocabulary.js';

/** All that a tokenizer.json or vocab.txt of the BERT scheme says. */
export interface WordPieceScheme {
  readonly vocabulary: Vocabulary;
  readonly normalizer: BertNormalizerOptions;
  readonly addedTokens: readonly AddedToken[];
  /** What a piece inside a word starts with; `##` with BERT. */
  readonly continuingPrefix: string;
  /** Longer words, in code points, are unknown. */
  readonly maxCharsPerWord: number;
  readonly unknownId: number;
  readonly padTokenId: number;
  /** Special tokens before and after the text: [CLS] and [SEP]. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const noPrefix = new Uint8Array(0);

export class WordPieceTokenizer implements Tokenizer, WordSink {
  readonly vocabSize: number;
  readonly padTokenId: number;
  readonly unknownId: number;
  readonly #words: BertWords;
  readonly #vocabulary: Vocabulary;
  readonly #prefix: Uint8Array;
  readonly #seed = hashBytes(noPrefix);
  readonly #prefixSeed: number;
  /** `#hashes[n]` is the hash of the first n bytes of what is left of the word. */
  readonly #hashes: Int32Array;
  /** Where the special tokens after the text begin at the latest. */
  readonly #fullAt: number;
  #ids: number[] = [];

  constructor(
    readonly scheme: WordPieceScheme,
    readonly maxTokens: number,
  ) {
    this.#vocabulary = scheme.vocabulary;
    this.vocabSize = scheme.addedTokens.reduce((most, { id }) => Math.max(most, id + 1), scheme.vocabulary.idLimit);
    this.padTokenId = scheme.padTokenId;
    this.unknownId = scheme.unknownId;
    this.#words = new BertWords(scheme.normalizer, scheme.addedTokens, scheme.maxCharsPerWord);
    this.#prefix = Buffer.from(scheme.continuingPrefix, 'utf8');
    this.#prefixSeed = hashBytes(this.#prefix);
    this.#hashes = new Int32Array(scheme.vocabulary.longestBytes + 1);
    this.#fullAt = maxTokens - scheme.after.length;
  }

  /** Token ids of a text. Reads no further than needed: what lies beyond `maxTokens` can't change the ids before. */
  encode(text: string): Encoding {
    const { before, after } = this.scheme;
    this.#ids = [...before];
    this.#words.split(text, this);
    const ids = this.#ids;
    this.#ids = [];
    const truncated = ids.length > this.#fullAt;
    if (truncated) ids.length = this.#fullAt;
    for (const id of after) ids.push(id);
    return { ids, truncated };
  }

  added(id: number): boolean {
    this.#ids.push(id);
    return this.#ids.length > this.#fullAt;
  }

  word(bytes: Uint8Array, length: number, characters: number): boolean {
    const ids = this.#ids;
    if (characters > this.scheme.maxCharsPerWord) ids.push(this.unknownId);
    else {
      const known = ids.length;
      for (let start = 0; start < length; ) {
        const end = this.#longestPiece(bytes, start, length);
        if (end === start) {
          ids.length = known;
          ids.push(this.unknownId);
          break;
        }
        start = end;
      }
    }
    return ids.length > this.#fullAt;
  }

  /** Pushes the id of the longest piece at `start` and returns where it ends; `start` where there is none. */
  #longestPiece(bytes: Uint8Array, start: number, length: number): number {
    const prefix = start === 0 ? noPrefix : this.#prefix;
    const hashes = this.#hashes;
    const limit = Math.min(length, start + this.#vocabulary.longestBytes - prefix.length);
    let hash = start === 0 ? this.#seed : this.#prefixSeed;
    for (let i = start; i < limit; i++) {
      hash = hashByte(hash, bytes[i]);
      hashes[i - start + 1] = hash;
    }
    for (let end = limit; end > start; end--) {
      // Bytes 10xxxxxx continue a character: a piece can't end before one.
      if (end < length && (bytes[end] & 0xc0) === 0x80) continue;
      const id = this.#vocabulary.find(hashes[end - start], prefix, bytes, start, end);
      if (id >= 0) {
        this.#ids.push(id);
        return end;
      }
    }
    return start;
  }
}
