#!/usr/bin/env node
// What memory a process that answers texts can give back, and what changes of profile leave behind (after npm run build):
//   node scripts/measure-give-back.mjs BUNDLE TEXTS.tsv
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BundleProfiles } from '../dist/agent/profiles/index.js';
import { openBundle } from '../dist/src/bundle/index.js';
import { keepHeapSmall } from '../dist/src/infer/index.js';
import { processMemory } from '../dist/src/profile/process-memory.js';

const [bundle, file] = process.argv.slice(2);
if (!file) {
  process.stderr.write('usage: node scripts/measure-give-back.mjs BUNDLE TEXTS.tsv\n');
  process.exit(2);
}
keepHeapSmall();
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const texts = readFileSync(file, 'utf8')
  .split('\n')
  .slice(0, 1000)
  .map((line) => line.split('\t')[0]);
const { manifest } = await openBundle(bundle);
const names = manifest.ladder
  .filter((rung) => !rung.dominatedBy)
  .map((rung) => rung.profile)
  .slice(0, 12);
const profiles = await BundleProfiles.open({ bundle, threads: 1 });
for (const profile of names) await profiles.prepare(profile);
const say = (what) => {
  const { rssAnonBytes, rssBytes } = processMemory();
  process.stdout.write(
    `${what.padEnd(52)} ${(rssAnonBytes / 1e6).toFixed(1).padStart(6)} MB anonymous ${(rssBytes / 1e6).toFixed(0).padStart(5)} MB in all\n`,
  );
};

let model = await profiles.load(names[0]);
const answer = async () => {
  for (let at = 0; at < texts.length; at += 32) await model.predict(texts.slice(at, at + 32));
};
await answer();
say(`${names[0]}, a thousand texts`);
await model.predict(Array.from({ length: 24 }, (_, i) => texts.slice(i * 15, i * 15 + 14).join(' ')));
say('a batch of long texts');
let garbage = Array.from({ length: 200_000 }, (_, i) => ({ text: `x${i}` }));
say(`${garbage.length} objects`);
garbage = undefined;
collect();
await pause(200); // pages are unmapped in the background
say('garbage collected');
await model.close();
say('the session closed');
model = await profiles.load(names[0]);
await model.predict(texts.slice(0, 1));
say('opened again');
for (let change = 1; change <= 400; change++) {
  const next = await profiles.load(names[change % names.length]);
  await next.predict(texts.slice(0, 8));
  await model.close();
  model = next;
  if (change === 50 || change === 100 || change === 400) {
    collect();
    await pause(200);
    say(`${change} changes among ${names.length} profiles, now ${model.profile}`);
  }
}
await model.close();
