import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openCheckpoint } from '../../src/checkpoint/index.js';
import type { SnugError } from '../../src/errors/index.js';
import { copyOf, type FixtureName, fixtures, opened, patchJson, rewriteWeights, temporaryFolder } from './support.js';

async function expected(name: FixtureName) {
  const { maxTokens, pooling } = JSON.parse(await readFile(join(fixtures, name, 'expected.json'), 'utf8'));
  return { maxTokens, pooling };
}

const encoderOf = (typed: boolean) => [
  'embeddings.word_embeddings.weight',
  'embeddings.position_embeddings.weight',
  ...(typed ? ['embeddings.token_type_embeddings.weight'] : []),
  'embeddings.LayerNorm.weight',
  'embeddings.LayerNorm.bias',
  ...[0, 1].flatMap((layer) =>
    ['attention.self.query', 'attention.self.key', 'attention.self.value', 'attention.output.dense']
      .concat('attention.output.LayerNorm', 'intermediate.dense', 'output.dense', 'output.LayerNorm')
      .flatMap((part) => [`encoder.layer.${layer}.${part}.weight`, `encoder.layer.${layer}.${part}.bias`]),
  ),
];
const headNames = ['head.dense.weight', 'head.dense.bias', 'head.classifier.weight', 'head.classifier.bias'];

test('a sentence-transformers folder: sizes, pooling, longest text, who it is', async (t) => {
  const checkpoint = await opened(t, join(fixtures, 'bert-mean'));
  const { config } = checkpoint;
  t.like(config, {
    family: 'bert',
    vocabSize: 107,
    hiddenSize: 32,
    layers: 2,
    heads: 4,
    headSize: 8,
    intermediateSize: 64,
  });
  t.like(config, { positions: 64, typeVocabSize: 2, activation: 'gelu', layerNormEps: 1e-12, padTokenId: 0 });
  t.like(checkpoint, await expected('bert-mean'));
  t.deepEqual(checkpoint.pooling, { mode: 'mean', normalize: true });
  t.is(checkpoint.head, undefined);
  t.is(checkpoint.tokenizer.kind, 'tokenizer.json');
  t.deepEqual(checkpoint.tensors.names, encoderOf(true));
  const identity = await checkpoint.identity();
  t.is(identity.name, 'tiny-bert-mean');
  t.is(identity.licence, 'apache-2.0');
  t.regex(identity.weights[0].sha256, /^[0-9a-f]{64}$/);
});

test('a classification head in half precision, with its prefix, labels and problem', async (t) => {
  const checkpoint = await opened(t, join(fixtures, 'bert-single-label'));
  t.like(checkpoint.config, { activation: 'relu', layerNormEps: 1e-5 });
  t.deepEqual(checkpoint.head, {
    kind: 'first-token',
    labels: ['light_on', 'light_off', 'weather', 'none of these'],
    problem: 'single',
    activation: 'tanh',
  });
  t.deepEqual(checkpoint.tensors.names, [...encoderOf(true), ...headNames]);
  t.deepEqual(checkpoint.tensors.shape('head.classifier.weight'), [4, 32]);
  t.like(checkpoint, await expected('bert-single-label'));
  t.like(await checkpoint.identity(), { name: 'bert-single-label', licence: null });
});

test('DistilBERT comes under the same names, without token types', async (t) => {
  const checkpoint = await opened(t, join(fixtures, 'distilbert-multi-label'));
  t.like(checkpoint.config, {
    family: 'distilbert',
    hiddenSize: 32,
    layers: 2,
    heads: 4,
    intermediateSize: 64,
    typeVocabSize: 0,
  });
  t.deepEqual(checkpoint.head, {
    kind: 'first-token',
    labels: ['urgent', 'spam', 'question'],
    problem: 'multi',
    activation: 'relu',
  });
  t.deepEqual(checkpoint.tensors.names, [...encoderOf(false), ...headNames]);
});

test('shards in bfloat16, pooling by the first token, a cased vocab.txt', async (t) => {
  const checkpoint = await opened(t, join(fixtures, 'bert-cls-sharded'));
  t.deepEqual(checkpoint.pooling, { mode: 'cls', normalize: false });
  t.is(checkpoint.tokenizer.kind, 'vocab.txt');
  t.deepEqual(checkpoint.tokenizer.wordPiece, {
    lowerCase: false,
    stripAccents: undefined,
    splitChineseCharacters: true,
  });
  t.is(checkpoint.config.activation, 'gelu_new');
  t.is(checkpoint.maxTokens, 64);
  t.deepEqual(checkpoint.tensors.names, encoderOf(true));
  t.is((await checkpoint.identity()).weights.length, 3);
  for (const name of checkpoint.tensors.names) {
    const values = await checkpoint.tensors.read(name);
    t.is(
      values.length,
      checkpoint.tensors.shape(name).reduce((a, b) => a * b, 1),
    );
    t.true(values.some((value) => value !== 0));
  }
  const word = 'embeddings.word_embeddings.weight';
  const rows = await checkpoint.tensors.readRows(word, 10, 12);
  t.deepEqual(rows, (await checkpoint.tensors.read(word)).slice(320, 384));
});

test('old names, gamma and beta, and any prefix give the same weights', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  const before = await opened(t, join(fixtures, 'bert-mean'));
  await rewriteWeights(join(folder, 'model.safetensors'), (tensors) => {
    for (const [name, tensor] of [...tensors]) {
      tensors.delete(name);
      const old = name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');
      tensors.set(`bert.${old}`, tensor);
    }
    tensors.set('cls.predictions.bias', { dtype: 'I8', shape: [3], bytes: new Uint8Array(3) });
    tensors.set('bert.embeddings.position_ids', { dtype: 'I64', shape: [1], bytes: new Uint8Array(8) });
  });
  const after = await opened(t, folder);
  t.deepEqual(after.tensors.names, before.tensors.names);
  for (const name of before.tensors.names)
    t.deepEqual(await after.tensors.read(name), await before.tensors.read(name), name);
});

test('without sentence-transformers files the mean is taken, and the longest text is the smaller of two limits', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  for (const name of ['modules.json', '1_Pooling', 'sentence_bert_config.json'])
    await rm(join(folder, name), { recursive: true });
  const cases: [unknown, number][] = [
    [40, 40],
    [512, 64],
    [1e30, 64],
    [undefined, 64],
  ];
  for (const [modelMaxLength, maxTokens] of cases) {
    await patchJson(join(folder, 'tokenizer_config.json'), { model_max_length: modelMaxLength });
    const checkpoint = await opened(t, folder);
    t.is(checkpoint.maxTokens, maxTokens);
    t.deepEqual(checkpoint.pooling, { mode: 'mean', normalize: false });
  }
  await patchJson(join(folder, 'tokenizer_config.json'), { model_max_length: 'long' });
  await t.throwsAsync(openCheckpoint(folder), { message: /tokenizer_config\.json: model_max_length is "long"/ });
});

test('max_seq_length never exceeds the position table', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  await writeFile(join(folder, 'sentence_bert_config.json'), '{"max_seq_length": 128, "do_lower_case": true}');
  const checkpoint = await opened(t, folder);
  t.is(checkpoint.maxTokens, 64);
  t.true(checkpoint.tokenizer.lowerCaseFirst);
});

test('a transformer in a folder of its own, as modules.json says', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  await mkdir(join(folder, '0_Transformer'));
  for (const name of [
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
    'sentence_bert_config.json',
  ])
    await rename(join(folder, name), join(folder, '0_Transformer', name));
  const modules = JSON.parse(await readFile(join(folder, 'modules.json'), 'utf8'));
  modules[0].path = '0_Transformer';
  await writeFile(join(folder, 'modules.json'), JSON.stringify(modules));
  t.is((await opened(t, folder)).maxTokens, 24);
  modules[0].path = '../elsewhere';
  await writeFile(join(folder, 'modules.json'), JSON.stringify(modules));
  await t.throwsAsync(openCheckpoint(folder), { message: /modules\.json: path "\.\.\/elsewhere" leads out/ });
});

test('newer pooling files name their mode; every mode that can be run is taken', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  const write = (value: object) => writeFile(join(folder, '1_Pooling', 'config.json'), JSON.stringify(value));
  for (const [written, mode] of [
    ['mean', 'mean'],
    ['cls', 'cls'],
    ['max', 'max'],
    ['mean_sqrt_len_tokens', 'mean_sqrt_len'],
  ]) {
    await write({ embedding_dimension: 32, pooling_mode: written });
    t.is((await opened(t, folder)).pooling.mode, mode as never);
  }
  for (const [flag, mode] of [
    ['max_tokens', 'max'],
    ['mean_sqrt_len_tokens', 'mean_sqrt_len'],
  ]) {
    await write({ word_embedding_dimension: 32, [`pooling_mode_${flag}`]: true, pooling_mode_mean_tokens: false });
    t.is((await opened(t, folder)).pooling.mode, mode as never);
  }
});

test('a bundle is told apart from a checkpoint', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'manifest.json'), '{}');
  const error = await t.throwsAsync<SnugError>(openCheckpoint(folder), { code: 'CHECKPOINT_FILE_MISSING' });
  t.regex(error?.remedy ?? '', /^This is a bundle already: give the checkpoint/);
});

test('a folder that is none is named', async (t) => {
  await t.throwsAsync(openCheckpoint('/nowhere/at/all'), { message: '/nowhere/at/all: no such folder' });
});

test('a checkpoint without labels of its own gets numbered ones, and one answer per text', async (t) => {
  const folder = await copyOf(t, 'bert-single-label');
  await patchJson(join(folder, 'config.json'), { id2label: undefined, label2id: undefined, problem_type: null });
  t.like((await opened(t, folder)).head, { labels: ['LABEL_0', 'LABEL_1', 'LABEL_2', 'LABEL_3'], problem: 'single' });
  await patchJson(join(folder, 'config.json'), { architectures: undefined });
  t.is((await opened(t, folder)).head?.labels.length, 4);
  await patchJson(join(folder, 'config.json'), { architectures: ['BertForMaskedLM'] });
  t.is((await opened(t, folder)).head, undefined);
});

test('the real checkpoint opens whole', async (t) => {
  const folder = process.env.SNUG_CHECKPOINT;
  if (folder === undefined) {
    t.log('SNUG_CHECKPOINT is unset: not tried with a real checkpoint');
    return t.pass();
  }
  const checkpoint = await opened(t, folder);
  let parameters = 0;
  for (const name of checkpoint.tensors.names) parameters += (await checkpoint.tensors.read(name)).length;
  t.true(parameters > 20_000_000, `${parameters} parameters`);
});
