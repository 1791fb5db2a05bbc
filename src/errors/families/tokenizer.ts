/** Tokenizer files. */
import type { ErrorEntry } from '../entry.js';

export const tokenizerErrors = {
  TOKENIZER_NOT_FOUND: {
    meaning: 'A folder holds neither tokenizer.json nor vocab.txt, or the tokenizer file could not be read.',
    remedy: 'Put the tokenizer.json (or vocab.txt and tokenizer_config.json) of the checkpoint beside its weights.',
  },
  TOKENIZER_INVALID: {
    meaning: 'A tokenizer file is damaged, or contradicts itself or the settings it is read with.',
    remedy: 'Fetch the file again, or save it anew with the library that made it; the message names file and key.',
  },
  TOKENIZER_NOT_SUPPORTED: {
    meaning: 'A tokenizer file is sound, but uses a scheme that Snug does not read.',
    remedy: 'Use a checkpoint with a WordPiece, BPE or Unigram tokenizer.json.',
  },
  TOKENIZER_MISMATCH: {
    meaning: 'The tokenizer and the weights do not belong together: there are more pieces than embeddings.',
    remedy: 'Take tokenizer and weights from the same checkpoint.',
  },
} as const satisfies Record<string, ErrorEntry>;
