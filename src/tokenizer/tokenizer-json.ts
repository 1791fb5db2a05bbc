/** Reads a tokenizer.json of the BERT scheme; says so where the file holds another scheme, for the general library to read. */
import { SnugError } from '../errors/index.js';
import { findObject, readIntegers } from './json-span.js';
import type { AddedToken, BertNormalizerOptions } from './types.js';
import { type Vocabulary, VocabularyBuilder } from './vocabulary.js';
import type { WordPieceScheme } from './word-piece.js';

type Json = Readonly<Record<string, unknown>>;

/** A vocabulary beyond this many pieces is a broken file: the largest published ones have a quarter of it. */
const mostPieces = 1 << 20;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(file: string, what: string, cause?: unknown): SnugError {
  return new SnugError('TOKENIZER_INVALID', `${file}: ${what}`, { cause });
}

/** Parses JSON that must be an object, checking that the bytes are UTF-8. */
export function parseObject(file: string, bytes: Uint8Array): Json {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(file, `not JSON: ${cause instanceof Error ? cause.message.slice(0, 160) : cause}`, cause);
  }
  if (!isObject(parsed)) throw invalid(file, 'holds no JSON object');
  return parsed;
}

/** The scheme of a tokenizer.json, or undefined where it is not BERT's. Errors name file and key. */
export function readBertScheme(file: string, bytes: Uint8Array): WordPieceScheme | undefined {
  const start = findObject(bytes, ['model', 'vocab']);
  const pieces = start < 0 ? undefined : readPieces(bytes, start);
  // Without the vocabulary, where that could be read, the rest is small. Not being JSON is the better error than no vocabulary.
  const isRead = typeof pieces === 'object';
  const rest = parseObject(
    file,
    isRead ? Buffer.concat([bytes.subarray(0, start), Buffer.from('{}'), bytes.subarray(pieces.end)]) : bytes,
  );
  const { model } = rest;
  if (!isObject(model)) throw invalid(file, "has no 'model'");
  if (model.vocab === undefined) throw invalid(file, "has no 'model.vocab'");
  if (model.type !== 'WordPiece' && (model.type !== undefined || model.continuing_subword_prefix === undefined))
    return undefined;
  if (!isRead) throw invalid(file, `'model.vocab': ${pieces ?? 'not an object'}`);
  const addedTokens = readAddedTokens(file, rest.added_tokens);
  if (addedTokens === undefined || !isBertPipeline(rest)) return undefined;

  const vocabulary = checkedVocabulary(file, pieces, addedTokens);
  const idOf = (key: string, token: unknown): number => {
    const id = typeof token === 'string' ? idOfToken(vocabulary, addedTokens, token) : -1;
    if (id < 0) throw invalid(file, `'${key}' names ${JSON.stringify(token)}, which is not in the vocabulary`);
    return id;
  };
  const unknown = model.unk_token ?? '[UNK]';
  if (typeof unknown !== 'string' || vocabulary.idOf(unknown) < 0)
    throw invalid(file, `'model.unk_token' names ${JSON.stringify(unknown)}, which is not in 'model.vocab'`);
  return {
    vocabulary,
    normalizer: readNormalizer(file, rest.normalizer),
    addedTokens,
    continuingPrefix: setting(file, model, 'model', 'continuing_subword_prefix', 'string', '##'),
    maxCharsPerWord: setting(file, model, 'model', 'max_input_chars_per_word', 'number', 100),
    unknownId: vocabulary.idOf(unknown),
    padTokenId: padTokenId(vocabulary, addedTokens, rest.padding),
    ...readSpecialTokens(file, rest.post_processor, idOf),
  };
}

/** The id to pad with: as `padding` names it, else [PAD] or <pad>, else 0, for the attention mask hides it. */
function padTokenId(vocabulary: Vocabulary, addedTokens: readonly AddedToken[], padding: unknown): number {
  const named = isObject(padding) ? padding.pad_token : undefined;
  for (const token of [named, '[PAD]', '<pad>']) {
    const id = typeof token === 'string' ? idOfToken(vocabulary, addedTokens, token) : -1;
    if (id >= 0) return id;
  }
  return 0;
}

export function idOfToken(vocabulary: Vocabulary, addedTokens: readonly AddedToken[], token: string): number {
  return addedTokens.find(({ content }) => content === token)?.id ?? vocabulary.idOf(token);
}

/** A key of an object with its type checked; `fallback` where it is absent. */
function setting<T extends 'string' | 'number' | 'boolean'>(
  file: string,
  from: Json,
  place: string,
  key: string,
  type: T,
  fallback?: { string: string; number: number; boolean: boolean }[T],
): { string: string; number: number; boolean: boolean }[T] {
  const value = from[key] ?? fallback;
  const right = type === 'number' ? Number.isSafeInteger(value) && Number(value) >= 0 : typeof value === type;
  if (!right) throw invalid(file, `'${place}.${key}' is ${JSON.stringify(value) ?? 'missing'}, expected a ${type}`);
  return value as { string: string; number: number; boolean: boolean }[T];
}

function isBertPipeline(rest: Json): boolean {
  const { normalizer, pre_tokenizer: preTokenizer } = rest;
  const normalizes = isObject(normalizer) ? normalizer.type === 'BertNormalizer' : (normalizer ?? null) === null;
  return normalizes && isObject(preTokenizer) && preTokenizer.type === 'BertPreTokenizer';
}

function readNormalizer(file: string, normalizer: unknown): BertNormalizerOptions {
  if (!isObject(normalizer))
    return { cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false };
  const flag = (key: string) => setting(file, normalizer, 'normalizer', key, 'boolean');
  const lowercase = flag('lowercase');
  return {
    cleanText: flag('clean_text'),
    handleChineseChars: flag('handle_chinese_chars'),
    // As the reference does, accents follow the case where nothing is said of them.
    stripAccents: (normalizer.strip_accents ?? null) === null ? lowercase : flag('strip_accents'),
    lowercase,
  };
}

/** The added tokens; undefined where one is matched in ways that the BERT scheme doesn't use. */
function readAddedTokens(file: string, value: unknown): AddedToken[] | undefined {
  if ((value ?? null) === null) return [];
  if (!Array.isArray(value)) throw invalid(file, "'added_tokens' is not a list");
  const tokens: AddedToken[] = [];
  for (const [i, token] of value.entries()) {
    const place = `added_tokens[${i}]`;
    if (!isObject(token)) throw invalid(file, `'${place}' is not an object`);
    const content = setting(file, token, place, 'content', 'string');
    const id = setting(file, token, place, 'id', 'number');
    if (id >= mostPieces) throw invalid(file, `'${place}.id' is ${id}, which is too high`);
    const twin = tokens.find((other) => other.id === id || other.content === content);
    if (twin !== undefined) throw invalid(file, `'${place}' has the id or the content of '${twin.content}'`);
    if (['normalized', 'lstrip', 'rstrip', 'single_word'].some((key) => token[key] === true)) return undefined;
    tokens.push({ content, id });
  }
  return tokens;
}

interface Pieces {
  readonly builder: VocabularyBuilder;
  readonly count: number;
  readonly highestId: number;
  /** An id that two pieces have, or -1. */
  readonly sharedId: number;
  /** Where the vocabulary ends in the file. */
  readonly end: number;
}

/** The vocabulary that begins at `start`, or what is wrong with it. */
function readPieces(bytes: Uint8Array, start: number): Pieces | string {
  // Quotes, colon, id and comma take more than half of an entry.
  const builder = new VocabularyBuilder((bytes.length - start) >> 1);
  let [count, highestId, sharedId] = [0, 0, -1];
  const end = readIntegers(bytes, start, (id, source, from, to) => {
    count++;
    if (id > highestId) highestId = id;
    if (id >= mostPieces) return;
    if (builder.has(id)) sharedId = id;
    else builder.add(id, source, from, to);
  });
  return typeof end === 'string' ? end : { builder, count, highestId, sharedId, end };
}

function checkedVocabulary(file: string, pieces: Pieces, addedTokens: readonly AddedToken[]): Vocabulary {
  const { builder, count, highestId, sharedId } = pieces;
  if (count === 0) throw invalid(file, "'model.vocab' is empty");
  if (highestId >= mostPieces) throw invalid(file, `'model.vocab' has id ${highestId} for one of ${count} pieces`);
  if (sharedId >= 0) throw invalid(file, `'model.vocab' gives id ${sharedId} to two pieces`);
  const vocabulary = builder.build();
  checkAgreement(file, vocabulary, builder, addedTokens);
  return vocabulary;
}

/** Ids must be 0, 1, 2, … without gaps, and added tokens must have the ids that the vocabulary gives them. */
function checkAgreement(
  file: string,
  vocabulary: Vocabulary,
  builder: VocabularyBuilder,
  addedTokens: readonly AddedToken[],
): void {
  const extra = new Set<number>();
  for (const { content, id } of addedTokens) {
    const known = vocabulary.idOf(content);
    if (known >= 0 && known !== id)
      throw invalid(file, `'added_tokens' gives '${content}' the id ${id}, 'model.vocab' ${known}`);
    if (known < 0 && builder.has(id))
      throw invalid(file, `'added_tokens' gives '${content}' the id ${id} of '${vocabulary.pieceOf(id)}'`);
    if (known < 0) extra.add(id);
  }
  const limit = Math.max(builder.idLimit, ...[...extra].map((id) => id + 1));
  for (let id = 0; id < limit; id++)
    if (!builder.has(id) && !extra.has(id)) throw invalid(file, `'model.vocab' has no piece with id ${id}`);
  if (vocabulary.twins === undefined) return;
  const [one, other] = vocabulary.twins;
  throw invalid(file, `'model.vocab' has '${vocabulary.pieceOf(one)}' twice, with ids ${one} and ${other}`);
}

function readSpecialTokens(
  file: string,
  processor: unknown,
  idOf: (key: string, token: unknown) => number,
): { before: number[]; after: number[] } {
  if ((processor ?? null) === null) return { before: [], after: [] };
  if (!isObject(processor)) throw invalid(file, "'post_processor' is not an object");
  if (processor.type === 'BertProcessing') {
    const one = (key: 'cls' | 'sep') => {
      const pair = processor[key];
      return [idOf(`post_processor.${key}`, Array.isArray(pair) ? pair[0] : pair)];
    };
    return { before: one('cls'), after: one('sep') };
  }
  if (processor.type !== 'TemplateProcessing' || !Array.isArray(processor.single))
    throw new SnugError(
      'TOKENIZER_NOT_SUPPORTED',
      `${file}: 'post_processor.type' is ${JSON.stringify(processor.type)}; BERT's WordPiece goes with TemplateProcessing or BertProcessing`,
    );
  const sides: { before: number[]; after: number[] } = { before: [], after: [] };
  let textSeen = false;
  for (const [i, part] of processor.single.entries()) {
    const place = `post_processor.single[${i}]`;
    if (isObject(part) && isObject(part.Sequence) && part.Sequence.id === 'A' && !textSeen) textSeen = true;
    else if (isObject(part) && isObject(part.SpecialToken))
      sides[textSeen ? 'after' : 'before'].push(...templateIds(file, processor, part.SpecialToken.id, place, idOf));
    else throw invalid(file, `'${place}' is neither a special token nor the one text`);
  }
  if (!textSeen) throw invalid(file, "'post_processor.single' has no place for the text");
  return sides;
}

/** A template's special token stands for the ids that `special_tokens` lists, which must be those of the vocabulary. */
function templateIds(
  file: string,
  processor: Json,
  name: unknown,
  place: string,
  idOf: (key: string, token: unknown) => number,
): number[] {
  const listed = isObject(processor.special_tokens) ? processor.special_tokens[String(name)] : undefined;
  const { ids: listedIds, tokens } = isObject(listed) ? listed : {};
  if (!Array.isArray(listedIds) || !Array.isArray(tokens))
    throw invalid(
      file,
      `'${place}' names ${JSON.stringify(name)}, which 'post_processor.special_tokens' does not hold`,
    );
  const ids = tokens.map((token) => idOf(`post_processor.special_tokens.${name}`, token));
  if (ids.length !== listedIds.length || ids.some((id, i) => id !== listedIds[i]))
    throw invalid(file, `'post_processor.special_tokens.${name}' has ids ${listedIds}, the vocabulary ${ids}`);
  return ids;
}
