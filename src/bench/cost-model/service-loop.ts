/**
 * The process that is measured: one profile, asked texts without end, one at a time. A line of JSON comes (`Ask`), one goes back
 * (`Told`). Started by measure.ts with a bundle, a profile and a number of threads.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openBundle } from '../../bundle/index.js';
import { textOf, wordsOf } from '../../fit/words.js';
import { keepHeapSmall, loadBundleTokenizer, loadProfile } from '../../infer/index.js';
import { processMemory } from '../../profile/process-memory.js';
import { type Ask, serviceMs, type Told } from './service.js';

/** Different texts of one length. */
const VARIETY = 16;

keepHeapSmall();
const [, , folder, profile, threads] = process.argv;
const bundle = await openBundle(folder);
const tokenizer = await loadBundleTokenizer(bundle);
const model = await loadProfile(bundle, { profile, threads: Number(threads), tokenizer });
const words = await wordsOf(bundle);
const lengthOf = (text: string) => tokenizer.encode(text).ids.length;

for await (const line of createInterface({ input: process.stdin })) {
  const ask: Ask = JSON.parse(line);
  const told = ask.kind === 'texts' ? await answerAll(ask.file) : await serve(ask);
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

async function answerAll(file: string): Promise<Told> {
  for (const text of readFileSync(file, 'utf8').split('\n').filter(Boolean)) await model.predict([text]);
  return { serviceMs: 0, ...processMemory() };
}

async function serve({ tokens, limitMs, pauseMs }: Extract<Ask, { kind: 'serve' }>): Promise<Told> {
  const texts = Array.from({ length: VARIETY }, (_, at) => textOf(words, tokens, lengthOf, 7 * at));
  const ends: number[] = [];
  const until = performance.now() + limitMs;
  do {
    await model.predict([texts[ends.length % VARIETY]]);
    ends.push(performance.now());
  } while (performance.now() < until || ends.length < 4);
  return { serviceMs: serviceMs(ends, pauseMs), ...processMemory() };
}
