/** Reads the older form of a BERT tokenizer: vocab.txt, one piece a line, with the settings in tokenizer_config.json beside it. */
import { SnugError } from '../errors/index.js';
import type { AddedToken } from './types.js';
import { VocabularyBuilder } from './vocabulary.js';
import type { WordPieceScheme } from './word-piece.js';

/**
 * The scheme that a vocab.txt stands for: the line number, from 0, is the id; of a piece that stands there twice the later line
 * counts, as in the reference.
 * @param config what tokenizer_config.json says: do_lower_case, strip_accents, tokenize_chinese_chars and the special tokens
 */
export function readVocabText(
  file: string,
  bytes: Uint8Array,
  configFile: string,
  config: Readonly<Record<string, unknown>>,
): WordPieceScheme {
  const builder = new VocabularyBuilder(bytes.length);
  let id = 0;
  for (let start = 0; start < bytes.length; id++) {
    const newline = bytes.indexOf(0x0a, start);
    const next = newline < 0 ? bytes.length : newline;
    builder.add(id, bytes, start, bytes[next - 1] === 0x0d && next > start ? next - 1 : next);
    start = next + 1;
  }
  const vocabulary = builder.build();
  const tokenNamed = (key: string, usual: string): AddedToken | undefined => {
    const value = config[key] ?? usual;
    const content = typeof value === 'object' && 'content' in value ? value.content : value;
    if (typeof content !== 'string')
      throw new SnugError('TOKENIZER_INVALID', `${configFile}: '${key}' is not the text of a token`);
    const found = vocabulary.idOf(content);
    return found < 0 ? undefined : { content, id: found };
  };
  const needed = (key: string, usual: string): AddedToken => {
    const token = tokenNamed(key, usual);
    if (token !== undefined) return token;
    throw new SnugError(
      'TOKENIZER_INVALID',
      `${file}: has no line for '${key}', which is ${usual} unless named otherwise`,
    );
  };
  const flag = (key: string): boolean | null => {
    const value = config[key] ?? null;
    if (value !== null && typeof value !== 'boolean')
      throw new SnugError(
        'TOKENIZER_INVALID',
        `${configFile}: '${key}' is ${JSON.stringify(value)}, expected a boolean`,
      );
    return value;
  };
  const unknown = needed('unk_token', '[UNK]');
  const start = needed('cls_token', '[CLS]');
  const end = needed('sep_token', '[SEP]');
  const pad = tokenNamed('pad_token', '[PAD]');
  const mask = tokenNamed('mask_token', '[MASK]');
  const lowercase = flag('do_lower_case') ?? true;
  return {
    vocabulary,
    normalizer: {
      cleanText: true,
      handleChineseChars: flag('tokenize_chinese_chars') ?? true,
      stripAccents: flag('strip_accents') ?? lowercase,
      lowercase,
    },
    addedTokens: [unknown, start, end, pad, mask].filter((token) => token !== undefined),
    continuingPrefix: '##',
    maxCharsPerWord: 100,
    unknownId: unknown.id,
    padTokenId: pad?.id ?? 0,
    before: [start.id],
    after: [end.id],
  };
}
