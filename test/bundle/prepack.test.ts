import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { writeProfile } from '../../src/bundle/making.js';
import { planEncoder, prepackedEntries } from '../../src/model/index.js';
import { randomNetwork } from '../model/plain-network.js';

test('prepared weights begin at multiples of 4,096 bytes: kernels that read whole vectors crash elsewhere', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'snug-prepack-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  // An odd number of rows in the table and odd sizes of the head are what put onnxruntime's own file out of step.
  const shape = {
    vocabSize: 1001,
    hiddenSize: 64,
    headSize: 16,
    maxTokens: 16,
    tokenTypes: true,
    activation: 'gelu' as const,
    layerNormEps: 1e-12,
    layers: [{ heads: 6, neurons: 1201 }],
  };
  for (const bits of [32, 8, 4] as const) {
    const plan = planEncoder(shape, { bits, pooling: { mode: 'mean' } });
    const { modelPath } = await writeProfile(plan, randomNetwork(shape, 1), join(folder, String(bits)));
    const entries = [...prepackedEntries(await readFile(modelPath)).values()].flatMap((own) => Object.values(own));
    const offsets = entries.flatMap((entry) => entry.split('|').slice(1)).map((blob) => Number(blob.split(';')[0]));
    const kernels = entries.map((entry) => entry.slice(0, entry.indexOf('+')));
    t.true(kernels.length > 0, `q${bits}: weights are prepared`);
    t.is(kernels.includes('QAttention'), bits === 8, kernels.join(', '));
    t.deepEqual(
      offsets.filter((offset) => offset % 4096 !== 0),
      [],
    );
  }
});
