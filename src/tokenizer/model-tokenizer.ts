/** A tokenizer as a network wants it. */
import { SnugError } from '../errors/index.js';
import type { Tokenizer } from './types.js';

/** Refuses a tokenizer whose ids point beyond the embedding table. @throws TOKENIZER_MISMATCH */
export function requireAgreement(path: string, { vocabSize }: Tokenizer, tableRows: number): void {
  if (vocabSize <= tableRows) return;
  const what = `${path}: the tokenizer has ids up to ${vocabSize - 1}, but the embedding table has ${tableRows} rows`;
  throw new SnugError('TOKENIZER_MISMATCH', what);
}

/**
 * Lower-cases texts first where the checkpoint says so (`do_lower_case` of sentence_bert_config.json), and never gives no tokens at
 * all: what a tokenizer without special tokens makes of an empty text has no answer but NaN, so the unknown piece stands for it.
 */
export function modelTokenizer(tokenizer: Tokenizer, lowerCaseFirst: boolean): Tokenizer {
  const { vocabSize, maxTokens, padTokenId, unknownId } = tokenizer;
  return {
    vocabSize,
    maxTokens,
    padTokenId,
    unknownId,
    encode: (text) => {
      const encoding = tokenizer.encode(lowerCaseFirst ? text.toLowerCase() : text);
      return encoding.ids.length > 0 ? encoding : { ids: [unknownId < 0 ? padTokenId : unknownId], truncated: false };
    },
  };
}
