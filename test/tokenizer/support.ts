import { readFileSync } from 'node:fs';

const folder = new URL('../fixtures/tokenizer/', import.meta.url);

export interface NormalizerSettings {
  readonly clean_text: boolean;
  readonly handle_chinese_chars: boolean;
  readonly strip_accents: boolean | null;
  readonly lowercase: boolean;
}

/** What fixtures/tokenizer/make.py asked the reference (the Rust `tokenizers`). */
export interface Expected {
  readonly options: Readonly<Record<string, NormalizerSettings>>;
  readonly texts: readonly string[];
  readonly ids: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly everyCodePoint: Readonly<Record<string, string>>;
  /** How many of `texts`, from the first, were written by hand. */
  readonly byHand: number;
  /** Ids of those with the real checkpoint, at most 64 of them. */
  readonly minilm: readonly (readonly number[])[];
}

export interface AddedTokenJson {
  id: number;
  content: string;
  special: boolean;
  normalized: boolean;
  lstrip: boolean;
  rstrip: boolean;
  single_word: boolean;
}

/** The parts of the fixture's tokenizer.json that tests change. */
export interface TokenizerJson {
  added_tokens: AddedTokenJson[];
  normalizer: Record<string, unknown> | null;
  pre_tokenizer: Record<string, unknown> | null;
  post_processor: Record<string, unknown> | null;
  padding: Record<string, unknown> | null;
  model: { type?: string; unk_token: string; max_input_chars_per_word: number; vocab: Record<string, number> };
}

export const fixtureFile = new URL('tokenizer.json', folder).pathname;
export const expected: Expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8'));

/** A copy of the fixture, changed. */
export function fixtureJson(change: (json: TokenizerJson) => void = () => undefined): TokenizerJson {
  const json: TokenizerJson = JSON.parse(readFileSync(fixtureFile, 'utf8'));
  change(json);
  return json;
}

export function bytesOf(json: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(json));
}

/** A repeatable stream of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
