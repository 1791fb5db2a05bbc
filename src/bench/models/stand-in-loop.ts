/**
 * Stands in for `snug run` where the bundle lacks a profile: the bundle's tokenizer and decision around a network with random
 * weights. Each line of stdin is answered with one JSON line; what it says is nonsense, what it costs is not.
 *
 *   node stand-in-loop.js BUNDLE PROFILE MODEL_FILE
 */
import { createInterface } from 'node:readline';
import { DEFAULT_PROFILE, openBundle } from '../../bundle/index.js';
import { decisionOf, EncoderSession, keepHeapSmall, LoadedModel } from '../../infer/index.js';
import { loadBundleTokenizer } from '../../infer/tokenizer-cache.js';
import { modelTokenizer } from '../../tokenizer/model-tokenizer.js';

const [folder, profile, modelFile] = process.argv.slice(2);
keepHeapSmall();
const bundle = await openBundle(folder);
const { manifest } = bundle;
const model = new LoadedModel({
  profile,
  tokenizer: modelTokenizer(await loadBundleTokenizer(bundle), manifest.tokenizer.lowerCaseFirst),
  session: await EncoderSession.open(modelFile, { threads: 1 }),
  bits: 8,
  decision: decisionOf(manifest, DEFAULT_PROFILE),
});

let seq = 0;
for await (const text of createInterface({ input: process.stdin })) {
  const started = performance.now();
  const [prediction] = await model.predict([text]);
  const latencyMs = performance.now() - started;
  const line = { ts: new Date().toISOString(), seq: seq++, text, ...prediction, latencyMs };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
await model.close();
