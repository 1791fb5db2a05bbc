/** Which tokenizer file a checkpoint brings, and how long its texts may be. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SnugError } from '../errors/index.js';
import { type JsonObject, readJsonObject } from './json-file.js';

export interface TokenizerFiles {
  readonly kind: 'tokenizer.json' | 'vocab.txt';
  readonly path: string;
  /** Settings of tokenizer_config.json or BERT's own; they count where only vocab.txt is there. */
  readonly wordPiece: {
    readonly lowerCase: boolean;
    /** Undefined: as `lowerCase`. */
    readonly stripAccents?: boolean;
    readonly splitChineseCharacters: boolean;
  };
  /** Whether texts are lower-cased before the tokenizer sees them (`do_lower_case` of sentence_bert_config.json). */
  readonly lowerCaseFirst: boolean;
}

/**
 * Finds the tokenizer and the longest text in tokens: `max_seq_length` of sentence_bert_config.json, else the smaller of
 * `model_max_length` and the position table, which is never exceeded.
 */
export async function readTokenizerFiles(
  folder: string,
  positions: number,
): Promise<{ tokenizer: TokenizerFiles; maxTokens: number }> {
  const settings = await readJsonObject(join(folder, 'tokenizer_config.json'));
  const sentence = await readJsonObject(join(folder, 'sentence_bert_config.json'));
  const kind = await firstOf(folder, ['tokenizer.json', 'vocab.txt'] as const);
  if (kind === undefined) {
    throw new SnugError('CHECKPOINT_FILE_MISSING', `${join(folder, 'tokenizer.json')}: no such file, nor vocab.txt`);
  }
  const tokenizer: TokenizerFiles = {
    kind,
    path: join(folder, kind),
    wordPiece: {
      lowerCase: settings?.boolean('do_lower_case') ?? true,
      stripAccents: settings?.boolean('strip_accents'),
      splitChineseCharacters: settings?.boolean('tokenize_chinese_chars') ?? true,
    },
    lowerCaseFirst: sentence?.boolean('do_lower_case') ?? false,
  };
  const stated = length(sentence, 'max_seq_length') ?? length(settings, 'model_max_length') ?? positions;
  return { tokenizer, maxTokens: Math.min(stated, positions) };
}

/** A length in tokens; the reference implementation writes a number near 1e30 for "no limit". */
function length(raw: JsonObject | undefined, key: string): number | undefined {
  const value = raw?.get(key);
  if (raw === undefined || value === undefined) return undefined;
  if (typeof value === 'number' && value >= 3) return Math.floor(value);
  throw raw.wrong(key, 'a number of tokens from 3, two of which mark start and end');
}

async function firstOf<Name extends string>(folder: string, names: readonly Name[]): Promise<Name | undefined> {
  for (const name of names) {
    const found = await access(join(folder, name)).then(
      () => true,
      () => false,
    );
    if (found) return name;
  }
  return undefined;
}
