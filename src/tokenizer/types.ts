/** What the rest of Snug sees of a tokenizer. */

/** One text as the model reads it. */
export interface Encoding {
  /** Token ids, special tokens included; never more than the tokenizer's `maxTokens`. */
  readonly ids: readonly number[];
  /** True where the text has more tokens than fit, and was cut at its end. */
  readonly truncated: boolean;
}

/** Turns text into token ids. Any string is accepted: a lone surrogate counts as U+FFFD. */
export interface Tokenizer {
  /** Highest token id + 1: the rows that the embedding table must have. */
  readonly vocabSize: number;
  /** The most ids that `encode` returns. */
  readonly maxTokens: number;
  /** The id to fill up short rows of a batch with. */
  readonly padTokenId: number;
  /** The id of what the vocabulary can't spell; -1 where the scheme has none. */
  readonly unknownId: number;
  encode(text: string): Encoding;
}

export interface TokenizerOptions {
  /** The most ids a text may have, special tokens included; default 512. */
  readonly maxTokens?: number;
  /** The name that errors give to a tokenizer.json handed over as bytes. */
  readonly name?: string;
}

/** A piece that is recognised wherever it is written in a text, before anything else is done to the text. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
}

/** What BertNormalizer does to a text. */
export interface BertNormalizerOptions {
  readonly cleanText: boolean;
  readonly handleChineseChars: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}
