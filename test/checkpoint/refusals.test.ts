import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openCheckpoint } from '../../src/checkpoint/index.js';
import { SnugError } from '../../src/errors/index.js';
import { copyOf, type FixtureName, opened, patchJson, rewriteWeights } from './support.js';

const pooling = (value: object) => (folder: string) =>
  writeFile(join(folder, '1_Pooling', 'config.json'), JSON.stringify(value));
const config = (changes: Record<string, unknown>) => (folder: string) =>
  patchJson(join(folder, 'config.json'), changes);
const weights = (change: Parameters<typeof rewriteWeights>[1]) => (folder: string) =>
  rewriteWeights(join(folder, 'model.safetensors'), change);
const query = 'encoder.layer.0.attention.self.query.weight';
const modules =
  (...types: string[]) =>
  (folder: string) =>
    writeFile(join(folder, 'modules.json'), JSON.stringify(types.map((type) => ({ type: `a.b.${type}`, path: '' }))));

/** What is done to a good folder, and what the error has to name. */
const broken: [string, FixtureName, (folder: string) => Promise<unknown>, RegExp][] = [
  ['no config', 'bert-mean', (d) => rm(join(d, 'config.json')), /config\.json: no such file/],
  ['a config that is no JSON', 'bert-mean', (d) => writeFile(join(d, 'config.json'), '{'), /config\.json: is not JSON/],
  [
    'a config that is a list',
    'bert-mean',
    (d) => writeFile(join(d, 'config.json'), '[]'),
    /config\.json: does not hold a JSON object/,
  ],
  [
    'an architecture not known',
    'bert-mean',
    config({ model_type: 'mamba' }),
    /model_type mamba is not supported \(supported: bert/,
  ],
  ['no architecture', 'bert-mean', config({ model_type: undefined, architectures: undefined }), /names no model_type/],
  [
    'relative positions',
    'bert-mean',
    config({ position_embedding_type: 'relative_key' }),
    /position_embedding_type relative_key/,
  ],
  ['a decoder', 'bert-mean', config({ is_decoder: true }), /is_decoder is set/],
  ['pruned heads', 'bert-mean', config({ pruned_heads: { 1: [0] } }), /pruned_heads/],
  ['quantised weights', 'bert-mean', config({ quantization_config: { bits: 4 } }), /quantization_config/],
  [
    'an activation not known',
    'bert-mean',
    config({ hidden_act: 'snake' }),
    /hidden_act snake is not supported \(supported: gelu/,
  ],
  [
    'an activation of the prototype',
    'bert-mean',
    config({ hidden_act: 'constructor' }),
    /hidden_act constructor is not supported/,
  ],
  [
    'regression',
    'bert-single-label',
    config({ problem_type: 'regression' }),
    /problem_type regression is not supported/,
  ],
  ['one label', 'bert-single-label', config({ id2label: { 0: 'score' } }), /one label \(score\)/],
  [
    'too few labels',
    'bert-single-label',
    config({ id2label: { 0: 'a', 1: 'b' } }),
    /classifier\.weight has the shape \[4, 32\].*\[2, 32\]/,
  ],
  ['labels with a gap', 'bert-single-label', config({ id2label: { 0: 'a', 2: 'b' } }), /id2label/],
  ['equal labels', 'bert-single-label', config({ id2label: { 0: 'a', 1: 'b', 2: 'b', 3: 'c' } }), /id2label/],
  ['no hidden size', 'bert-mean', config({ hidden_size: undefined }), /config\.json: hidden_size is missing/],
  ['a hidden size that is text', 'bert-mean', config({ hidden_size: '32' }), /hidden_size is "32"/],
  ['no layers', 'bert-mean', config({ num_hidden_layers: 0 }), /num_hidden_layers is 0/],
  ['a million layers', 'bert-mean', config({ num_hidden_layers: 1e6 }), /num_hidden_layers is 1000000/],
  [
    'another hidden size',
    'bert-mean',
    config({ hidden_size: 40 }),
    /word_embeddings\.weight has the shape \[107, 32\].*\[107, 40\]/,
  ],
  ['heads that do not divide', 'bert-mean', config({ num_attention_heads: 5 }), /hidden size 32 .* 5 attention heads/],
  [
    'another vocabulary',
    'bert-mean',
    config({ vocab_size: 106 }),
    /word_embeddings\.weight .*\[106, 32\] \(vocab_size/,
  ],
  [
    'one layer too many',
    'bert-mean',
    config({ num_hidden_layers: 3 }),
    /no tensor encoder\.layer\.2\.attention\.self\.query\.weight/,
  ],
  ['an epsilon of 2', 'bert-mean', config({ layer_norm_eps: 2 }), /layer_norm_eps is 2/],
  ['a padding token beyond the vocabulary', 'bert-mean', config({ pad_token_id: 107 }), /pad_token_id is 107/],
  [
    'a missing tensor',
    'bert-mean',
    weights((w) => w.delete(query)),
    new RegExp(`safetensors: no tensor ${query.replaceAll('.', '\\.')}`),
  ],
  [
    'a missing tensor of DistilBERT',
    'distilbert-multi-label',
    weights((w) => w.delete('distilbert.transformer.layer.1.ffn.lin1.bias')),
    /no tensor distilbert\.transformer\.layer\.1\.ffn\.lin1\.bias/,
  ],
  [
    'a missing head',
    'distilbert-multi-label',
    weights((w) => w.delete('pre_classifier.bias')),
    /no tensor pre_classifier\.bias/,
  ],
  ['no classifier', 'bert-single-label', weights((w) => w.delete('classifier.weight')), /no tensor classifier\.weight/],
  [
    'a tensor of another shape',
    'bert-mean',
    weights((w) => w.set(query, { dtype: 'F32', shape: [16, 64], bytes: new Uint8Array(4096) })),
    /query\.weight has the shape \[16, 64\]/,
  ],
  [
    'a tensor of whole numbers',
    'bert-mean',
    weights((w) => w.set(query, { dtype: 'I32', shape: [32, 32], bytes: new Uint8Array(4096) })),
    /query\.weight is stored as I32/,
  ],
  [
    'only pytorch_model.bin',
    'bert-mean',
    (d) => rename(join(d, 'model.safetensors'), join(d, 'pytorch_model.bin')),
    /pytorch_model\.bin: only model\.safetensors is read/,
  ],
  [
    'only tf_model.h5',
    'bert-mean',
    (d) => rename(join(d, 'model.safetensors'), join(d, 'tf_model.h5')),
    /tf_model\.h5: only model\.safetensors/,
  ],
  [
    'only flax weights',
    'bert-mean',
    (d) => rename(join(d, 'model.safetensors'), join(d, 'flax_model.msgpack')),
    /flax_model\.msgpack: only model\.safetensors/,
  ],
  ['no weights', 'bert-mean', (d) => rm(join(d, 'model.safetensors')), /model\.safetensors: no such file/],
  [
    'a missing shard',
    'bert-cls-sharded',
    (d) => rm(join(d, 'model-00002-of-00003.safetensors')),
    /model-00002-of-00003\.safetensors: no such file/,
  ],
  [
    'an index that names a file elsewhere',
    'bert-cls-sharded',
    (d) => patchJson(join(d, 'model.safetensors.index.json'), { weight_map: { a: '../a.safetensors' } }),
    /tensor a is placed in "\.\.\/a\.safetensors"/,
  ],
  [
    'an index without map',
    'bert-cls-sharded',
    (d) => patchJson(join(d, 'model.safetensors.index.json'), { weight_map: 3 }),
    /weight_map is 3/,
  ],
  [
    'an index that is wrong',
    'bert-cls-sharded',
    (d) =>
      patchJson(join(d, 'model.safetensors.index.json'), {
        weight_map: { [query]: 'model-00003-of-00003.safetensors' },
      }),
    /model-00003.*: no tensor encoder\.layer\.0/,
  ],
  ['no tokenizer', 'bert-mean', (d) => rm(join(d, 'tokenizer.json')), /tokenizer\.json: no such file, nor vocab\.txt/],
  [
    'pooling by the last token',
    'bert-mean',
    pooling({ pooling_mode_lasttoken: true }),
    /1_Pooling\/config\.json: pooling by lasttoken is not supported/,
  ],
  [
    'pooling by two at once',
    'bert-mean',
    pooling({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: true }),
    /cls_token and mean_tokens/,
  ],
  ['pooling by nothing', 'bert-mean', pooling({}), /no pooling mode is set/],
  [
    'pooling of another size',
    'bert-mean',
    pooling({ word_embedding_dimension: 33, pooling_mode: 'mean' }),
    /word_embedding_dimension is 33/,
  ],
  [
    'pooling that is not there',
    'bert-mean',
    (d) => rm(join(d, '1_Pooling', 'config.json')),
    /1_Pooling\/config\.json: no such file/,
  ],
  [
    'a dense module that is no head',
    'bert-mean',
    async (d) => {
      const list = ['Transformer', 'Pooling', 'Dense'].map((type) => ({ type: `a.b.${type}`, path: '' }));
      list[1].path = '1_Pooling';
      list[2].path = '2_Dense';
      await writeFile(join(d, 'modules.json'), JSON.stringify(list));
      const dense = {
        in_features: 32,
        out_features: 8,
        bias: true,
        activation_function: 'torch.nn.modules.activation.Tanh',
      };
      await mkdir(join(d, '2_Dense'));
      await writeFile(join(d, '2_Dense', 'config.json'), JSON.stringify(dense));
    },
    /config\.json: a Dense module is read only as a classification head/,
  ],
  ['no transformer', 'bert-mean', modules('Pooling'), /no Transformer among the modules/],
  [
    'modules that are none',
    'bert-mean',
    (d) => writeFile(join(d, 'modules.json'), '{}'),
    /modules\.json: is not a list/,
  ],
  [
    'a prompt',
    'bert-mean',
    (d) => writeFile(join(d, 'config_sentence_transformers.json'), '{"default_prompt_name": "query"}'),
    /default_prompt_name query/,
  ],
];
for (const [what, fixture, damage, message] of broken)
  test(`refused on opening, by name: ${what}`, async (t) => {
    const folder = await copyOf(t, fixture);
    await damage(folder);
    const error = await t.throwsAsync(openCheckpoint(folder), { instanceOf: SnugError });
    t.regex(error.message, message);
    t.not(error.remedy, '');
  });

test('weights in a foreign format are refused with the way to convert them', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  await rename(join(folder, 'model.safetensors'), join(folder, 'pytorch_model.bin'));
  const error = await t.throwsAsync(openCheckpoint(folder), { instanceOf: SnugError });
  t.regex(error.remedy, /save_pretrained\(.*safe_serialization=True/);
});

test('a missing tensor is named even where its bytes are left behind', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  const path = join(folder, 'model.safetensors');
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE(0));
  // A header of the same length, in which the tensor has another name.
  const json = bytes.toString('latin1', 8, 8 + length);
  await writeFile(
    path,
    Buffer.concat([
      bytes.subarray(0, 8),
      Buffer.from(json.replace(query, query.replace('query', 'quarry').slice(1)), 'latin1'),
      bytes.subarray(8 + length),
    ]),
  );
  await t.throwsAsync(openCheckpoint(folder), { message: new RegExp(`no tensor ${query}`) });
  const header = JSON.parse(json);
  delete header[query];
  await writeFile(
    path,
    Buffer.concat([
      bytes.subarray(0, 8),
      Buffer.from(JSON.stringify(header).padEnd(length)),
      bytes.subarray(8 + length),
    ]),
  );
  await t.throwsAsync(openCheckpoint(folder), { message: new RegExp(`no tensor ${query}`) });
});

test('bytes that belong to no tensor are refused where all that is needed is there', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  const path = join(folder, 'model.safetensors');
  await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(100)]));
  await t.throwsAsync(openCheckpoint(folder), { message: /leaves 100 bytes from byte \d+ to no tensor/ });
});

test('a weight that is no number is refused when it is read', async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  await rewriteWeights(join(folder, 'model.safetensors'), (tensors) => {
    const values = new Float32Array(1024).fill(1);
    values[1000] = Number.NaN;
    tensors.set(query, { dtype: 'F32', shape: [32, 32], bytes: new Uint8Array(values.buffer) });
  });
  const checkpoint = await opened(t, folder);
  await t.throwsAsync(checkpoint.tensors.read(query), { message: /query\.weight holds NaN/ });
  t.is((await checkpoint.tensors.readRows(query, 0, 31)).length, 992);
});
