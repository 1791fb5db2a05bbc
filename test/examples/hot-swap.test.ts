/** Profiles of the bundle in examples/ exchanged under its own stream. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { HotSwap } from '../../agent/hot-swap.js';
import { Pipeline } from '../../agent/pipeline.js';
import { BundleProfiles } from '../../agent/profiles/index.js';
import type { PredictedRecord } from '../../agent/record.js';
import { readRows } from '../../src/data/index.js';
import { HandSource } from '../agent/support/hand-source.js';
import { useOwnCache } from '../bundle/support.js';

useOwnCache(test);

const folder = resolve('examples/clinc150');
const names = ['w1.00-p0.00-q8', 'w1.00-p0.00-q32'];

test('ten changes of profile at saturation: every sentence answered once and in order, the pauses told', async (t) => {
  if (!existsSync(join(folder, 'bundle'))) {
    t.log('the example’s bundle is not there: not tested here');
    return t.pass();
  }
  const profiles = await BundleProfiles.open({ bundle: join(folder, 'bundle'), threads: 1 });
  for (const name of names) await profiles.prepare(name);
  const source = new HandSource('clinc150');
  const out: PredictedRecord[] = [];
  const model = await profiles.load(names[0]);
  const pipeline = new Pipeline({
    model,
    sources: [{ source }],
    onPredictions: (records) => {
      out.push(...records);
    },
  });
  const now = () => performance.now();
  const swap = new HotSwap({ model, profiles, pipeline, now, sleep: async () => {} });
  await pipeline.start();
  const sentences = (await readRows(join(folder, 'stream.tsv'))).map(({ text }) => text);
  let said = 0;
  let changing = true;
  const saying = (async () => {
    while (changing) await source.say(...Array.from({ length: 20 }, () => sentences[said++ % sentences.length]));
  })();
  const pauses: number[] = [];
  for (let i = 1; i <= 10; i++) {
    const before = out.length;
    while (out.length < before + 40) await new Promise((resolve) => setImmediate(resolve));
    const { pauseMs } = await swap.to(names[i % 2], { beside: i % 3 > 0 });
    pauses.push(Math.round(pauseMs));
  }
  changing = false;
  await saying;
  await pipeline.drain();
  await swap.close();
  t.is(out.length, said);
  t.true(out.every(({ seq }, i) => seq === i + 1));
  t.deepEqual(new Set(out.map(({ profile }) => profile)), new Set(names));
  t.log(`pauses ${pauses.join(', ')} ms`);
});
