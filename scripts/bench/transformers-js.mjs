/**
 * The peer of `snug bench pipeline`: transformers.js with its own pooling, as its users write it, and a linear head on top, so
 * that its answer is of the same kind as Snug's. It speaks the same pipe protocol as `snug run`: one text a line in, one
 * JSON line out, `ready` on stderr once the model is loaded.
 *
 *   node transformers-js.mjs serve --model DIR --dtype fp32|q8 --head FILE [--threads 1]
 *   node transformers-js.mjs batch --model DIR --dtype fp32|q8 --head FILE --texts FILE [--threads 1]
 *
 * `batch` reads one JSON request a line, {first, count, batchSize, sorted}, and answers {records, seconds}.
 * The head file is {labels: [string], weight: [[number]], bias: [number]}: one row of `weight` a label.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { env, pipeline } from '@huggingface/transformers';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    dtype: { type: 'string', default: 'fp32' },
    head: { type: 'string' },
    texts: { type: 'string' },
    threads: { type: 'string', default: '1' },
  },
});

env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = dirname(resolve(options.model));
env.useFSCache = false;

const threads = Number(options.threads);
const extract = await pipeline('feature-extraction', basename(resolve(options.model)), {
  dtype: options.dtype,
  device: 'cpu',
  session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
});
const head = readHead(options.head);

function readHead(path) {
  const { labels, weight, bias } = JSON.parse(readFileSync(path, 'utf8'));
  return { labels, weight: weight.map((row) => Float32Array.from(row)), bias: Float32Array.from(bias) };
}

/** The best label of a pooled vector, and its probability by softmax. */
function classify(vectors, row, size) {
  const logits = new Float32Array(head.labels.length);
  let best = 0;
  for (let label = 0; label < logits.length; label++) {
    const weight = head.weight[label];
    let sum = head.bias[label];
    for (let i = 0, at = row * size; i < size; i++, at++) sum += weight[i] * vectors[at];
    logits[label] = sum;
    if (sum > logits[best]) best = label;
  }
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - logits[best]);
  return { label: head.labels[best], score: 1 / total };
}

async function predict(texts) {
  const pooled = await extract(texts, { pooling: 'mean', normalize: true });
  const [rows, size] = pooled.dims;
  const answers = Array.from({ length: rows }, (_, row) => classify(pooled.data, row, size));
  pooled.dispose?.();
  return answers;
}

async function serve() {
  let seq = 0;
  for await (const text of createInterface({ input: process.stdin })) {
    const started = performance.now();
    const [answer] = await predict([text]);
    const latencyMs = performance.now() - started;
    process.stdout.write(
      `${JSON.stringify({ ts: new Date().toISOString(), seq: seq++, text, ...answer, latencyMs })}\n`,
    );
  }
}

async function batch() {
  const texts = readFileSync(options.texts, 'utf8').trimEnd().split('\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const { first, count, batchSize, sorted } = JSON.parse(line);
    const started = performance.now();
    const wanted = Array.from({ length: count }, (_, at) => texts[(first + at) % texts.length]);
    // Texts of like length side by side need less padding; the sort is part of the time.
    if (sorted) wanted.sort((one, other) => one.length - other.length);
    let records = 0;
    for (let at = 0; at < wanted.length; at += batchSize)
      records += (await predict(wanted.slice(at, at + batchSize))).length;
    process.stdout.write(`${JSON.stringify({ records, seconds: (performance.now() - started) / 1000 })}\n`);
  }
}

const mode = { serve, batch }[positionals[0]];
if (!mode || !options.model || !options.head) {
  process.stderr.write(
    'usage: transformers-js.mjs serve|batch --model DIR --head FILE [--dtype fp32|q8] [--texts FILE]\n',
  );
  process.exit(2);
}
process.stderr.write('ready\n');
await mode();
