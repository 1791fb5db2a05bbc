/**
 * Every other scheme (BPE, Unigram, other normalizers) through @huggingface/tokenizers. It holds the whole vocabulary as strings
 * and has no truncation of its own, so that is done here.
 */
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { messageOf, SnugError } from '../errors/index.js';
import type { Encoding, Tokenizer } from './types.js';

/** Code units that a token is taken to cover at most, before more of the text is looked at. */
const unitsPerToken = 64;

export function libraryTokenizer(file: string, json: Readonly<Record<string, unknown>>, maxTokens: number): Tokenizer {
  let library: LibraryTokenizer;
  try {
    // The library insists on these keys.
    const complete = { added_tokens: [], decoder: null, post_processor: null, pre_tokenizer: null, normalizer: null };
    library = new LibraryTokenizer({ ...complete, ...json }, {});
    library.encode('a');
  } catch (cause) {
    throw new SnugError('TOKENIZER_NOT_SUPPORTED', `${file}: no tokenizer can be made of it: ${messageOf(cause)}`, {
      cause,
    });
  }
  return new GeneralTokenizer(library, file, maxTokens);
}

class GeneralTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly padTokenId: number;
  readonly unknownId: number;
  readonly #library: LibraryTokenizer;
  readonly #before: readonly number[];
  readonly #after: readonly number[];
  readonly #room: number;

  constructor(
    library: LibraryTokenizer,
    file: string,
    readonly maxTokens: number,
  ) {
    this.#library = library;
    let highest = -1;
    for (const id of library.get_vocab().values()) highest = Math.max(highest, id);
    this.vocabSize = highest + 1;
    const named = (...tokens: string[]) => {
      const token = tokens.find((candidate) => library.token_to_id(candidate) !== undefined);
      return token === undefined ? undefined : library.token_to_id(token);
    };
    this.padTokenId = named('<pad>', '[PAD]', '<|endoftext|>') ?? 0;
    this.unknownId = named('<unk>', '[UNK]') ?? -1;
    // What the post-processor puts around a text: seen on a text of one letter.
    const bare: readonly number[] = library.encode('a', { add_special_tokens: false }).ids;
    const whole: readonly number[] = library.encode('a').ids;
    const at = whole.findIndex((_, i) => bare.every((id, j) => whole[i + j] === id));
    this.#before = whole.slice(0, at);
    this.#after = whole.slice(at + bare.length);
    this.#room = maxTokens - this.#before.length - this.#after.length;
    if (this.#room < 1)
      throw new SnugError(
        'TOKENIZER_INVALID',
        `${file}: ${maxTokens} tokens leave no room for a text beside ${whole.length - bare.length} special tokens`,
      );
  }

  /** A long text is read in growing parts, cut at white space, until there are more tokens than fit. */
  encode(text: string): Encoding {
    const whole = text.replace(/\p{Surrogate}/gu, '\ufffd');
    for (let units = unitsPerToken * (this.#room + 1); ; units *= 8) {
      const part = whole.length <= units ? whole : whole.slice(0, cutAtSpace(whole, units));
      const ids: readonly number[] = this.#library.encode(part, { add_special_tokens: false }).ids;
      if (part.length < whole.length && ids.length <= this.#room) continue;
      const kept = ids.length > this.#room ? ids.slice(0, this.#room) : ids;
      return { ids: [...this.#before, ...kept, ...this.#after], truncated: ids.length > this.#room };
    }
  }
}

/** The last white space before `end`; where a text has none for that long, `end`, but not inside a surrogate pair. */
function cutAtSpace(text: string, end: number): number {
  for (let i = end; i > end / 2; i--) if (/\s/.test(text[i])) return i;
  return (text.charCodeAt(end) & 0xfc00) === 0xdc00 ? end - 1 : end;
}
