/**
 * (a) of `snug bench pipeline`: tokenise and run in a loop, in one process, with no source, queue or broker around it. A program
 * of its own, so that both sides of a comparison are processes that answer the same lines.
 *
 *   node bare-loop.js serve|batch BUNDLE PROFILE TEXTS_FILE
 *
 * `serve` answers each line of stdin with one JSON line. `batch` reads one request a line, {first, count, batchSize, sorted}:
 * texts of the file from `first` on (beginning anew after the last); it answers {records, seconds}.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { load } from '../../infer/index.js';

interface Request {
  readonly first: number;
  readonly count: number;
  readonly batchSize: number;
  readonly sorted: boolean;
}

const [mode, bundle, profile, textsFile] = process.argv.slice(2);
const model = await load(bundle, { profile, threads: 1 });

async function serve(): Promise<void> {
  for await (const text of createInterface({ input: process.stdin })) {
    const started = performance.now();
    const [prediction] = await model.predict([text]);
    process.stdout.write(`${JSON.stringify({ text, ...prediction, latencyMs: performance.now() - started })}\n`);
  }
}

async function batch(): Promise<void> {
  const texts = readFileSync(textsFile, 'utf8').trimEnd().split('\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const { first, count, batchSize, sorted } = JSON.parse(line) as Request;
    const started = performance.now();
    const wanted = Array.from({ length: count }, (_, at) => texts[(first + at) % texts.length]);
    if (sorted) wanted.sort((one, other) => one.length - other.length);
    let records = 0;
    for (let at = 0; at < wanted.length; at += batchSize)
      records += (await model.predict(wanted.slice(at, at + batchSize))).length;
    process.stdout.write(`${JSON.stringify({ records, seconds: (performance.now() - started) / 1000 })}\n`);
  }
}

await (mode === 'serve' ? serve() : batch());
await model.close();
