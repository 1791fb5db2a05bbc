/** `snug bench gradients`: what it reads, what it compares, what it refuses. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { waveOf } from '../../src/bench/gradients/fixture.js';
import { gradientsBenchmark } from '../../src/bench/gradients/index.js';
import { shapeOf } from '../../src/model/index.js';
import { batchOf, leadingOf, type Slice, wholeSlice } from '../../src/train/index.js';
import { encoderNames } from '../../src/train/parameters.js';
import { sliceShapes } from '../../src/train/slice.js';
import { fixtures, opened, withPooledHead } from '../checkpoint/support.js';
import { LABELS, normOf, running, wantedOf } from '../train/network.js';

const folder = join(fixtures, 'bert-mean');
const inputIds = [
  [2, 9, 4, 3, 0],
  [2, 5, 3, 0, 0],
];
const attentionMask = [
  [1, 1, 1, 1, 0],
  [1, 1, 1, 0, 0],
];
const labels = [2, 0];

interface Sample {
  shape: readonly number[];
  norm: number;
  at: number[];
  values: number[];
}

/** A file as a reference library would have written it, of the first channels, heads and neurons; `entries` of each gradient. */
async function made(t: ExecutionContext, part?: Partial<Slice>, entries = 16) {
  const checkpoint = await opened(t, folder);
  const shape = shapeOf(checkpoint);
  const slice = { ...wholeSlice(shape), ...part };
  const { parameters, run } = await running(t, shape, checkpoint.tensors);
  const head = parameters.of('head.weight');
  const wave = waveOf({ amplitude: 0.05, row: 0.7, column: 1.3 }, LABELS, shape.hiddenSize);
  head.values.set(wave);
  parameters.of('head.bias').values.fill(0);
  const { loss, logits } = await run.run(batchOf(inputIds, attentionMask), wantedOf(labels, 0), {
    slice: run.slice(slice),
  });
  const sizes = sliceShapes(slice, shape.headSize, LABELS);
  const gradients: Record<string, Sample> = {};
  for (const name of [...encoderNames(shape), 'head.weight', 'head.bias']) {
    const parameter = parameters.of(name);
    const size = sizes.get(name) ?? [parameter.shape[0], slice.channels];
    const values = leadingOf(parameter, size, parameters.gradientOf(name));
    const at = Array.from({ length: entries }, (_, i) => Math.floor((i * (values.length - 1)) / (entries - 1)));
    gradients[name] = { shape: size, norm: normOf(values), at, values: at.map((i) => values[i]) };
  }
  const rows = [0, 1].map((text) => [...logits.slice(text * LABELS, (text + 1) * LABELS)]);
  const formula = 'weight[i][j] = 0.05 sin(0.7 i + 1.3 j), bias 0';
  return { inputIds, attentionMask, labels, head: formula, loss, logits: rows, gradients };
}

async function measured(t: ExecutionContext, content: unknown, checkpoint = folder) {
  const temporary = await mkdtemp(join(tmpdir(), 'snug-gradients-'));
  t.teardown(() => rm(temporary, { recursive: true, force: true }));
  const fixture = join(temporary, 'fixture.json');
  await writeFile(fixture, typeof content === 'string' ? content : JSON.stringify(content));
  const rows = await gradientsBenchmark.run({
    fixture,
    checkpoint,
    cacheFolder: temporary,
    packageRoot: temporary,
    say: () => {},
  });
  return Object.fromEntries(rows.map((row) => [row.id, row]));
}

test('a file of the whole network, and one of its first channels, heads and neurons', async (t) => {
  const layers = [
    { heads: 2, neurons: 40 },
    { heads: 3, neurons: 64 },
  ];
  for (const content of [await made(t), await made(t, { channels: 16 }), await made(t, { channels: 24, layers })]) {
    const rows = await measured(t, content);
    t.deepEqual(Object.keys(rows), ['loss', 'logits', 'gradients', 'gradient-norms']);
    for (const { id, met, ratio } of Object.values(rows)) t.true(met === true && ratio !== null && ratio < 1e-5, id);
  }
});

test('a checkpoint with a head of its own is held against the head of the file', async (t) => {
  const rows = await measured(t, await made(t), await withPooledHead(t, ['a', 'b', 'c', 'd']));
  for (const { id, met, ratio } of Object.values(rows)) t.true(met === true && ratio !== null && ratio < 1e-5, id);
});

test('a file may give as many entries as it likes', async (t) => {
  const rows = await measured(t, await made(t, {}, 20_000));
  for (const { id, met } of Object.values(rows)) t.true(met, id);
});

test('rows of different lengths need neither padding nor a mask', async (t) => {
  const { attentionMask: masks, ...content } = await made(t);
  const ragged = content.inputIds.map((ids, text) => ids.filter((_, i) => masks[text][i] === 1));
  t.not(ragged[0].length, ragged[1].length);
  const rows = await measured(t, { ...content, inputIds: ragged });
  // Sums over other lengths round differently, which shows where a gradient is nothing but rounding.
  for (const { id, met, ratio } of Object.values(rows)) t.true(met, `${id} ${ratio}`);
});

test('what is off is found: one entry, a norm, the loss, a logit', async (t) => {
  const content = await made(t);
  const name = 'encoder.layer.1.intermediate.dense.weight';
  const changed = (change: (copy: typeof content) => void) => {
    const copy = structuredClone(content);
    change(copy);
    return measured(t, copy);
  };
  const entry = await changed(({ gradients }) => {
    gradients[name].values[3] += 2e-3 * gradients[name].norm;
  });
  t.false(entry.gradients.met);
  t.is(entry.gradients.reference?.what, `norm of ${name}`);
  t.true(entry['gradient-norms'].met);
  const norm = await changed(({ gradients }) => {
    gradients[name].norm *= 1.002;
  });
  t.false(norm['gradient-norms'].met);
  const loss = await changed((copy) => {
    copy.loss *= 1.002;
  });
  t.false(loss.loss.met);
  const logit = await changed(({ logits }) => {
    logits[1][2] += 0.01 * normOf(logits.flat());
  });
  t.false(logit.logits.met);
});

test('without a file or a checkpoint there are rows that say so', async (t) => {
  const rows = await gradientsBenchmark.run({ cacheFolder: '', packageRoot: '', say: () => {} });
  t.is(rows.length, 4);
  for (const row of rows) t.true(row.met === false && row.why === '--fixture is not given');
});

test('a file that is damaged or belongs to another checkpoint is refused', async (t) => {
  const content = await made(t);
  const { 'head.weight': head, ...headless } = content.gradients;
  const wrong: Record<string, [unknown, RegExp]> = {
    'no JSON': ['{', /fixture\.json: /],
    'no gradients': [{ ...content, gradients: undefined }, /gradients/],
    'no head': [{ ...content, gradients: headless }, /no head\.weight/],
    'unknown tensor': [{ ...content, gradients: { ...content.gradients, 'pooler.weight': head } }, /pooler\.weight/],
    'too wide': [
      { ...content, gradients: { ...content.gradients, 'head.weight': { ...head, shape: [LABELS, 40] } } },
      /head\.weight is 3 × 40, the checkpoint's 3 × 32/,
    ],
    'another formula': [{ ...content, head: 'random' }, /head: not of the form/],
    'a word that is not there': [{ ...content, inputIds: [[2, 999, 4, 3, 0], inputIds[1]] }, /107 words/],
    'a label that is not there': [{ ...content, labels: [3, 0] }, /not below 3/],
    'a mask of another shape': [{ ...content, attentionMask: [[1]] }, /attentionMask has another shape/],
    'a text without tokens': [
      { ...content, attentionMask: [attentionMask[0], [0, 0, 0, 0, 0]] },
      /no token that counts/,
    ],
    'a position outside': [
      { ...content, gradients: { ...content.gradients, 'head.weight': { ...head, at: [96], values: [0] } } },
      /gradients\.head\.weight.*outside/,
    ],
  };
  for (const [what, [file, message]] of Object.entries(wrong)) {
    const error = await t.throwsAsync(measured(t, file), { code: 'BENCH_FIXTURE' }, what);
    t.regex(error?.message ?? '', message, what);
  }
});

test('all-MiniLM-L6-v2: a step of the reference library', async (t) => {
  const checkpoint = process.env.SNUG_CHECKPOINT;
  if (!checkpoint) {
    t.log('SNUG_CHECKPOINT does not name a folder with all-MiniLM-L6-v2: not tested here');
    t.pass();
    return;
  }
  const path = fileURLToPath(new URL('../fixtures/minilm/gradients.json', import.meta.url));
  const rows = await measured(t, await readFile(path, 'utf8'), checkpoint);
  for (const { id, ratio } of Object.values(rows)) t.true(ratio !== null && ratio < 2e-4, `${id} ${ratio}`);
  t.regex(rows.gradients.note ?? '', /^103 tensors/);
});
