/** Texts with words missing: more of the teacher's answers than there are texts. */
import type { Random } from './random.js';

export interface WordDropping {
  /** Share of the texts that lose words. */
  readonly texts: number;
  /** Share of their words. */
  readonly words: number;
}

/** Ids without some; the first and the last one, which mark where a text begins and ends, stay, and so does one word at least. */
export function withoutSomeWords(
  ids: readonly number[],
  random: Random,
  { texts, words }: WordDropping,
): readonly number[] {
  if (random() >= texts) return ids;
  const kept = ids.filter((_, at) => at === 0 || at === ids.length - 1 || random() >= words);
  return kept.length > 2 ? kept : ids;
}
