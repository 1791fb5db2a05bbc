/** `snug export` from outside, and what it writes in onnxruntime as others use it. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { build } from '../../src/build/index.js';
import { openBundle } from '../../src/bundle/index.js';
import { load } from '../../src/infer/index.js';
import { InferenceSession, Tensor } from '../../src/runtime/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { dataFiles } from '../build/support.js';
import { buildOptions, bundleOf, useOwnCache } from '../bundle/support.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { json, snug } from './snug.js';

useOwnCache(test);

const [FULL, EIGHT] = ['w1.00-p0.00-q32', 'w1.00-p0.00-q8'];
const texts = ['turn on the lamp', 'is it the light of my room?', 'zebra 42', ''];

const parsed = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

/** A bundle with a head of its own, with refusal. */
async function fitted(t: ExecutionContext): Promise<string> {
  const { folder, data, evaluation } = await dataFiles(t);
  const bundle = join(folder, 'bundle');
  await build(buildOptions('bert-mean', bundle, { data, evaluation, none: 'oos' }));
  return bundle;
}

/** The largest difference between the exported model's logits and the bundle's, and how large logits are. */
async function compared(t: ExecutionContext, bundle: string, profile: string, exported: string) {
  const model = await load(bundle, { profile });
  const session = await InferenceSession.create(join(exported, 'onnx/model.onnx'));
  t.deepEqual([...session.inputNames], ['input_ids', 'attention_mask']);
  t.deepEqual([...session.outputNames], ['logits']);
  let [difference, largest] = [0, 0];
  const tokenizer = await loadTokenizer(exported, { maxTokens: 16 });
  for (const text of texts) {
    const { ids } = tokenizer.encode(text);
    const [{ logits: own }] = await model.answers([text]);
    const row = (values: readonly number[]) =>
      new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
    const { logits } = await session.run({ input_ids: row(ids), attention_mask: row(ids.map(() => 1)) });
    t.deepEqual(logits.dims, [1, own.length]);
    for (const [i, value] of (logits.data as Float32Array).entries()) {
      difference = Math.max(difference, Math.abs(value - own[i]));
      largest = Math.max(largest, Math.abs(own[i]));
    }
  }
  await session.release();
  await model.close();
  return { difference, largest };
}

for (const profile of [FULL, EIGHT])
  test(`${profile}: onnxruntime gives the bundle's own logits, from a head that was fitted or brought`, async (t) => {
    for (const bundle of [await fitted(t), await bundleOf(t), await bundleOf(t, 'distilbert-multi-label')]) {
      const exported = join(dirname(bundle), 'exported');
      await json(t, ['export', bundle, '--onnx', exported, '--profile', profile]);
      t.deepEqual(readdirSync(join(exported, 'onnx')), ['model.onnx'], 'the weights stand in the file itself');
      const { difference, largest } = await compared(t, bundle, profile, exported);
      t.true(largest > 0.01);
      t.true(difference <= 1e-4 * largest, `${difference} of ${largest}`);
    }
  });

test('--json: what was written; the folder says what it is', async (t) => {
  const bundle = await fitted(t);
  const exported = join(dirname(bundle), 'exported');
  const { manifest, identity } = await openBundle(bundle);
  const result = await json(t, ['export', bundle, '--onnx', exported]);
  t.like(result, { folder: exported, profile: EIGHT, bundle: identity, labels: 3 });
  for (const [name, bytes] of Object.entries<number>(result.files))
    t.is((await readFile(join(exported, name))).length, bytes);

  const config = await parsed(join(exported, 'config.json'));
  t.like(config, {
    architectures: ['BertForSequenceClassification'],
    model_type: 'bert',
    problem_type: 'single_label_classification',
    id2label: { 0: 'question', 1: 'turn_off', 2: 'turn_on' },
    label2id: { question: 0, turn_off: 1, turn_on: 2 },
    vocab_size: manifest.model.vocabSize,
    hidden_size: manifest.model.hiddenSize,
    num_hidden_layers: manifest.model.layers,
  });
  const { temperature } = manifest.calibrations[EIGHT];
  t.deepEqual(config.snug, { version: '0.1.0', bundle: identity, profile: EIGHT, temperature });
  const readme = await readFile(join(exported, 'README.md'), 'utf8');
  for (const said of [EIGHT, identity, String(temperature), 'Refusal is not part of this folder', '`oos`'])
    t.true(readme.includes(said), said);

  const { maxTokens } = manifest.tokenizer;
  t.like(await parsed(join(exported, 'tokenizer.json')), { truncation: { max_length: maxTokens }, padding: null });
  t.like(await parsed(join(exported, 'tokenizer_config.json')), {
    model_max_length: maxTokens,
    model_input_names: ['input_ids', 'attention_mask'],
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
  });
});

test('several labels a text and the other family are said as their readers expect', async (t) => {
  const exported = join(await temporaryFolder(t), 'exported');
  const bundle = await bundleOf(t, 'distilbert-multi-label');
  const { code, out } = await snug(t, ['export', bundle, '--onnx', exported, '--profile', FULL]);
  t.is(code, 0);
  t.regex(out, /exported: w1\.00-p0\.00-q32, 3 labels, \d+\.\d MB\n/);
  const config = await parsed(join(exported, 'config.json'));
  t.like(config, { model_type: 'distilbert', problem_type: 'multi_label_classification' });
  t.true(config.dim > 0 && config.n_layers > 0 && config.n_heads > 0 && config.hidden_dim > 0);
});

test('an earlier export is replaced; a folder of somebody else, or the bundle, is left alone', async (t) => {
  const bundle = await bundleOf(t);
  const folder = await temporaryFolder(t);
  const exported = join(folder, 'exported');
  await json(t, ['export', bundle, '--onnx', exported]);
  await json(t, ['export', bundle, '--onnx', exported, '--profile', FULL]);
  t.is((await parsed(join(exported, 'config.json'))).snug.profile, FULL);
  t.deepEqual(readdirSync(folder), ['exported']);

  const model = join(folder, 'model');
  await mkdir(join(model, 'onnx'), { recursive: true });
  await writeFile(join(model, 'config.json'), '{"model_type": "bert"}');
  await writeFile(join(model, 'onnx/model.onnx'), 'mine');
  const notes = join(folder, 'notes');
  await mkdir(notes);
  await writeFile(join(notes, 'notes.txt'), 'mine');
  const quantised = join(exported, 'onnx/model_quantized.onnx');
  const cases: [string, RegExp][] = [
    [model, /config\.json is there, which snug export did not write/],
    [notes, /notes\.txt is there/],
    [join(notes, 'notes.txt'), /notes\.txt: .*\n.*\[EXPORT_WRITE\]/],
    [bundle, /lies in the bundle/],
    [join(bundle, 'onnx'), /lies in the bundle/],
    [dirname(bundle), /bundle is there/],
    [exported, /onnx\/model_quantized\.onnx is there/],
  ];
  await writeFile(quantised, 'mine');
  for (const [target, message] of cases) {
    const { code, out, err } = await snug(t, ['export', bundle, '--onnx', target]);
    t.is(code, 1, `${target}: ${err}`);
    t.regex(err, message);
    t.regex(err, /what to do: .*\[EXPORT_WRITE\]/);
    t.is(out, '');
  }
  t.is(await readFile(join(model, 'onnx/model.onnx'), 'utf8'), 'mine');
  t.true(existsSync(quantised));
  await t.notThrowsAsync(openBundle(bundle));
});

test('a profile that the bundle does not hold: the nearest are named, nothing is written', async (t) => {
  const folder = await temporaryFolder(t);
  const target = join(folder, 'exported');
  const args = ['export', await bundleOf(t), '--onnx', target];
  const { code, err } = await snug(t, [...args, '--profile', 'w0.51-p0.00-q8']);
  t.is(code, 1);
  t.regex(err, /nearest are .*w1\.00-p0\.00-q8/);
  t.deepEqual(readdirSync(folder), []);
  t.is((await snug(t, [...args, '--profile', 'small'])).code, 2);
  t.is((await snug(t, args.slice(0, 2))).code, 2);
});
