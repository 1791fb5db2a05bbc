/**
 * One network in a process of its own, so that its memory is its own.
 *
 *   node network-process.js MODEL_FILE VOCABULARY THREADS
 *
 * Reads one request a line, {tokens, budgetMs}: runs texts of that many random tokens, one at a time, until the time is used up
 * (three at least), and answers {medianMs}.
 */
import { createInterface } from 'node:readline';
import { EncoderSession, keepHeapSmall } from '../../infer/index.js';
import { seededRandom } from '../../train/index.js';
import { median } from '../statistics.js';

export interface Request {
  readonly tokens: number;
  readonly budgetMs: number;
}

const FEWEST_RUNS = 3;

const [modelFile, vocabulary, threads] = process.argv.slice(2);
keepHeapSmall();
const random = seededRandom(1);
const session = await EncoderSession.open(modelFile, { threads: Number(threads) });

for await (const line of createInterface({ input: process.stdin })) {
  const { tokens, budgetMs } = JSON.parse(line) as Request;
  const taken: number[] = [];
  for (let used = 0; used < budgetMs || taken.length < FEWEST_RUNS; used += taken[taken.length - 1]) {
    const ids = Array.from({ length: tokens }, () => Math.floor(random() * Number(vocabulary)));
    const started = performance.now();
    await session.run([ids], 0, ['logits']);
    taken.push(performance.now() - started);
  }
  process.stdout.write(`${JSON.stringify({ medianMs: median(taken) })}\n`);
}
await session.release();
