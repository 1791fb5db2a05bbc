/**
 * Tokenizer: text in, token ids out. The BERT scheme (WordPiece) is read by code of our own, whose ids are those of the reference
 * (the Rust `tokenizers`) and which takes half a megabyte; any other tokenizer.json goes to the general library.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { parseObject, readBertScheme } from './tokenizer-json.js';
import type { Tokenizer, TokenizerOptions } from './types.js';
import { readVocabText } from './vocab-text.js';
import { type WordPieceScheme, WordPieceTokenizer } from './word-piece.js';

export type { Encoding, Tokenizer, TokenizerOptions } from './types.js';

/**
 * Loads a tokenizer. Special tokens are added as its post-processor says; truncation and padding set in the file are ignored.
 * @param source a tokenizer.json, a vocab.txt (tokenizer_config.json beside it is read too), a folder with one of them, or the
 *   bytes of a tokenizer.json
 * @throws TOKENIZER_NOT_FOUND, TOKENIZER_INVALID (naming file and key), TOKENIZER_NOT_SUPPORTED
 */
export async function loadTokenizer(source: string | Uint8Array, options: TokenizerOptions = {}): Promise<Tokenizer> {
  const { maxTokens = 512, name = 'tokenizer.json' } = options;
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1)
    throw new SnugError('TOKENIZER_INVALID', `maxTokens is ${maxTokens}, expected a whole number above 0`);
  if (typeof source !== 'string') return fromJson(name, source, maxTokens);

  const file = await fileOf(source);
  const bytes = await read(file);
  if (!basename(file).endsWith('.txt')) return fromJson(file, bytes, maxTokens);
  const configFile = join(dirname(file), 'tokenizer_config.json');
  const config = await read(configFile).catch((thrown: unknown) => {
    if (thrown instanceof SnugError && systemCodeOf(thrown.cause) === 'ENOENT') return Buffer.from('{}');
    throw thrown;
  });
  return wordPiece(file, readVocabText(file, bytes, configFile, parseObject(configFile, config)), maxTokens);
}

async function fromJson(file: string, given: Uint8Array, maxTokens: number): Promise<Tokenizer> {
  const hasByteOrderMark = given[0] === 0xef && given[1] === 0xbb && given[2] === 0xbf;
  const bytes = hasByteOrderMark ? given.subarray(3) : given;
  const scheme = readBertScheme(file, bytes);
  if (scheme !== undefined) return wordPiece(file, scheme, maxTokens);
  // The library is loaded only where it is needed: it costs memory and start-up time.
  const { libraryTokenizer } = await import('./library.js');
  return libraryTokenizer(file, parseObject(file, bytes), maxTokens);
}

function wordPiece(file: string, scheme: WordPieceScheme, maxTokens: number): Tokenizer {
  const special = scheme.before.length + scheme.after.length;
  if (maxTokens > special) return new WordPieceTokenizer(scheme, maxTokens);
  throw new SnugError(
    'TOKENIZER_INVALID',
    `${file}: ${maxTokens} tokens leave no room for a text beside ${special} special tokens`,
  );
}

/** The tokenizer file that a path stands for. */
async function fileOf(source: string): Promise<string> {
  const isFolder = await stat(source).then(
    (found) => found.isDirectory(),
    () => false, // reading it gives the better error
  );
  if (!isFolder) return source;
  for (const name of ['tokenizer.json', 'vocab.txt']) {
    const file = join(source, name);
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) return file;
  }
  throw new SnugError('TOKENIZER_NOT_FOUND', `${source} holds neither tokenizer.json nor vocab.txt`);
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new SnugError('TOKENIZER_NOT_FOUND', `${file} could not be read: ${messageOf(cause)}`, { cause });
  }
}
