/** Words of the kind that a bundle was made for, to measure with. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, files } from '../bundle/index.js';

/** Those of the golden texts, each once, in their order; never none. */
export async function wordsOf({ folder }: Bundle): Promise<string[]> {
  const lines = (await readFile(join(folder, files.golden), 'utf8')).split('\n').filter((line) => line !== '');
  const texts = lines.map((line): unknown => JSON.parse(line).text);
  const words = texts.flatMap((text) => (typeof text === 'string' ? text.split(/\s+/).filter(Boolean) : []));
  return words.length > 0 ? [...new Set(words)] : ['text'];
}

/** A text of so many tokens, or as near below as the words allow. @param from which word it begins with */
export function textOf(words: readonly string[], tokens: number, lengthOf: (text: string) => number, from = 0): string {
  let text = '';
  for (let at = from; at < from + words.length + 4 * tokens; at++) {
    const longer = text === '' ? words[at % words.length] : `${text} ${words[at % words.length]}`;
    const length = lengthOf(longer);
    if (length <= tokens || text === '') text = longer;
    if (length === tokens) break;
  }
  return text;
}
