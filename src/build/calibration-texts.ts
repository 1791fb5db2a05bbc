/** What runs through a network while it is measured and cut: training texts, other texts, or pieces of the vocabulary. */
import { readTexts } from '../data/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { seededRandom } from '../train/index.js';

/** Rows drawn without repeats, in the order given, the same for the same seed. */
export function sampled<Item>(items: readonly Item[], count: number, seed: number): Item[] {
  const random = seededRandom(seed);
  const drawn = items.map((item, index) => ({ item, index, at: random() })).sort((a, b) => a.at - b.at);
  return drawn
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ item }) => item);
}

/** Token ids of texts, no longer than `maxTokens` of them in all. */
export function encodedUpTo(texts: readonly string[], tokenizer: Tokenizer, maxTokens: number): number[][] {
  const rows: number[][] = [];
  let tokens = 0;
  for (const text of texts) {
    const ids = [...tokenizer.encode(text).ids];
    tokens += ids.length;
    if (tokens > maxTokens && rows.length > 0) break;
    rows.push(ids);
  }
  return rows;
}

/** Rows of random pieces between the marks that every text has: all that there is where nobody gave a text. */
export function randomRows(tokenizer: Tokenizer, count: number, seed: number): number[][] {
  const random = seededRandom(seed);
  const empty = tokenizer.encode('').ids;
  const room = tokenizer.maxTokens - empty.length;
  return Array.from({ length: count }, () => {
    const length = Math.min(room, 4 + Math.floor(random() * 24));
    const pieces = Array.from({ length }, () => Math.floor(random() * tokenizer.vocabSize));
    return [...empty.slice(0, 1), ...pieces, ...empty.slice(1)];
  });
}

/** Texts of `--unlabelled`. @throws DATA_… */
export async function readUnlabelled(file: string | undefined): Promise<string[]> {
  return file === undefined ? [] : (await readTexts(file)).map(({ text }) => text);
}
