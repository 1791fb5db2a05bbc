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

/** A text of about so many tokens. */
export function textOf(words: readonly string[], tokens: number, lengthOf: (text: string) => number): string {
  let text = words[0];
  for (let at = 1; lengthOf(text) < tokens && at < 4 * tokens; at++) text += ` ${words[at % words.length]}`;
  return text;
}
