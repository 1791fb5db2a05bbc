#!/usr/bin/env node
// How long a change of profile keeps a saturated stream waiting, and what it does to memory (after npm run build):
//   node scripts/measure-swap.mjs BUNDLE TEXTS.tsv [SWAPS]
// Every profile of the ladder that no other beats is gone to in turn, beside the old one and after it.
import { readFileSync } from 'node:fs';
import { HotSwap } from '../dist/agent/hot-swap.js';
import { Pipeline } from '../dist/agent/pipeline.js';
import { BundleProfiles } from '../dist/agent/profiles/index.js';
import { openBundle } from '../dist/src/bundle/index.js';
import { keepHeapSmall } from '../dist/src/infer/index.js';
import { processMemory } from '../dist/src/profile/process-memory.js';

const [bundle, file, count = '200'] = process.argv.slice(2);
if (!file) {
  process.stderr.write('usage: node scripts/measure-swap.mjs BUNDLE TEXTS.tsv [SWAPS]\n');
  process.exit(2);
}
keepHeapSmall();
const texts = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t')[0]);
const { manifest } = await openBundle(bundle);
const names = manifest.ladder
  .filter((rung) => !rung.dominatedBy)
  .map((rung) => rung.profile)
  .slice(0, 12);
const profiles = await BundleProfiles.open({ bundle, threads: 1 });
for (const profile of names) await profiles.prepare(profile);

const out = [];
let sink;
const source = {
  name: 'texts',
  kind: 'hand',
  canWait: true,
  start: async (given) => {
    sink = given;
  },
  stop: async () => {},
};
const model = await profiles.load(names[0]);
const pipeline = new Pipeline({
  model,
  sources: [{ source }],
  onPredictions: (records) => {
    for (const { seq } of records) out.push(seq);
  },
});
await pipeline.start();
const swap = new HotSwap({
  model,
  profiles,
  pipeline,
  now: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
let feeding = true;
let said = 0;
const feed = (async () => {
  while (feeding) await sink.bytes(Buffer.from(`${texts[said++ % texts.length]}\n`));
})();

for (const beside of [true, false]) {
  const pauses = [];
  const loads = [];
  for (let i = 0; i < Number(count); i++) {
    const { pauseMs, loadMs } = await swap.to(names[(i + 1) % names.length], { beside });
    pauses.push(pauseMs);
    loads.push(loadMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const at = (values, share) =>
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))].toFixed(1);
  const { rssAnonBytes } = processMemory();
  process.stdout.write(
    `${beside ? 'beside' : 'after '}  ${pauses.length} swaps among ${names.length} profiles: pause p50 ${at(pauses, 0.5)}, p95 ${at(pauses, 0.95)}, p99 ${at(pauses, 0.99)} ms; ` +
      `load p50 ${at(loads, 0.5)}, p99 ${at(loads, 0.99)} ms; anonymous ${(rssAnonBytes / 1e6).toFixed(0)} MB\n`,
  );
}
feeding = false;
await feed;
await pipeline.drain();
await swap.close();
const inOrder = out.every((seq, i) => seq === i + 1);
process.stdout.write(
  `${said} records said, ${out.length} answered, ${inOrder ? 'each once and in order' : 'NOT in order'}\n`,
);
