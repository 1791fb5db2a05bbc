/** The child's part of measuring a profile that is in the cache: time at some lengths, and memory after that. */
import { openBundle } from '../bundle/index.js';
import { keepHeapSmall, loadBundleTokenizer, loadProfile } from '../infer/index.js';
import { processMemory } from '../profile/process-memory.js';
import type { Said, Task } from './task.js';
import { type Effort, timed } from './timing.js';
import { textOf, wordsOf } from './words.js';

/** Texts that are answered before memory is read, as far as the time reaches. */
const TEXTS = 300;

export async function measureProfile(
  { bundle: folder, profile, threads, tokens, limitMs }: Extract<Task, { kind: 'measure' }>,
  say: (said: Said) => void,
): Promise<void> {
  keepHeapSmall();
  const endMs = performance.now() + limitMs;
  const bundle = await openBundle(folder);
  const tokenizer = await loadBundleTokenizer(bundle);
  const model = await loadProfile(bundle, { profile, threads, tokenizer });
  const words = await wordsOf(bundle);
  const lengthOf = (text: string) => tokenizer.encode(text).ids.length;
  try {
    const effort: Effort = { leastRuns: 8, mostRuns: 200, limitMs: limitMs / (2 * tokens.length), withFaults: true };
    for (const length of tokens) {
      const text = textOf(words, length, lengthOf);
      const timing = await timed(model, text, effort);
      if (timing !== undefined) say({ kind: 'timed', profile, threads, tokens: lengthOf(text), ...timing });
    }
    for (let asked = 0; asked < TEXTS && performance.now() < endMs; asked++)
      await model.predict([textOf(words, tokens[0], lengthOf, asked)]);
    const { rssAnonBytes, rssBytes } = processMemory();
    if (rssAnonBytes !== null && rssBytes !== null) say({ kind: 'held', rssAnonBytes, rssBytes });
  } finally {
    await model.close();
  }
}
