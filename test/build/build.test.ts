/** Builds of small bundles, from the checkpoint to the answers. */
import { readdirSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type BuildOptions, build } from '../../src/build/index.js';
import { openBundle } from '../../src/bundle/index.js';
import { Master } from '../../src/bundle/making.js';
import { readRows } from '../../src/data/index.js';
import { evaluate } from '../../src/evaluate/index.js';
import { load } from '../../src/infer/index.js';
import { buildOptions, useOwnCache } from '../bundle/support.js';
import { copyOf, patchJson, rewriteWeights } from '../checkpoint/support.js';
import { asTsv, dataFiles, evalRows, trainRows } from './support.js';

useOwnCache(test);

const [FULL, EIGHT] = ['w1.00-p0.00-q32', 'w1.00-p0.00-q8'];

/** A bundle with a head fitted on the small data. */
async function fitted(t: ExecutionContext, more: Partial<BuildOptions> = {}) {
  const files = await dataFiles(t);
  const { folder, ...data } = files;
  const output = join(folder, 'bundle');
  const result = await build(buildOptions('bert-mean', output, { ...data, none: 'oos', ...more }));
  return { ...files, output, ...result };
}

test('a head is fitted, and the bundle says where everything comes from', async (t) => {
  const steps = new Map<string, number>();
  const { output, manifest, rows, seconds, folder } = await fitted(t, {
    onProgress: (step) => steps.set(step, (steps.get(step) ?? 0) + 1),
  });
  t.deepEqual((await openBundle(output)).manifest, manifest);
  t.deepEqual(manifest.labels, ['question', 'turn_off', 'turn_on']);
  t.is(manifest.noneLabel, 'oos');
  t.deepEqual(manifest.head.kind, 'fitted');
  t.is(manifest.head.prototypes, 9);
  t.is(rows, 36);
  t.true(seconds > 0);
  t.is(manifest.data?.train.file, 'train.tsv');
  t.is(manifest.data?.train.rows, trainRows.length);
  t.is(manifest.data?.eval.rows, evalRows.length);
  t.regex(manifest.data?.train.sha256 ?? '', /^[0-9a-f]{64}$/);
  t.is(manifest.checkpoint.licence, 'apache-2.0');
  t.deepEqual(
    manifest.ladder.map(({ profile }) => profile),
    [FULL, EIGHT, 'w1.00-p0.00-q4'],
  );
  for (const { profile, accuracy = 0, inScopeTop1 = 0, params, weightBytes } of manifest.ladder) {
    // 4 bits are coarse for so small a network.
    t.true(inScopeTop1 > (profile.endsWith('q4') ? 0.5 : 0.8), `${profile} ${inScopeTop1}`);
    t.true(accuracy > (profile.endsWith('q4') ? 0.4 : 0.6), `${profile} ${accuracy}`);
    t.true(params > 10_000 && weightBytes > params / 4);
  }
  t.true(manifest.ladder[1].weightBytes < manifest.ladder[0].weightBytes / 2);
  t.deepEqual(readdirSync(folder).sort(), ['bundle', 'eval.tsv', 'train.tsv']);
  for (const step of ['embedding w1.00-p0.00', 'fitting', `measuring ${FULL}`, `measuring ${EIGHT}`])
    t.true(steps.has(step), step);
});

test('doubts about the data are told, and the build goes on', async (t) => {
  const { folder, data } = await dataFiles(t);
  const warnings: string[] = [];
  const onWarning = (warning: string) => warnings.push(warning);
  await build(buildOptions('bert-mean', join(folder, 'one'), { data, evaluation: data, none: 'oos', onWarning }));
  t.is(warnings.length, 1);
  t.regex(warnings[0], /same rows as --data.*too optimistic/);

  warnings.length = 0;
  const scarce = join(folder, 'scarce.tsv');
  const few = Array.from({ length: 6 }, (_, i): [string, string] => [`room ${i}`, `rare_${i}`]);
  await writeFile(scarce, asTsv([...trainRows, ...few, ['lamp', 'rare_0']]));
  await build(
    buildOptions('bert-mean', join(folder, 'two'), {
      data: scarce,
      evaluation: join(folder, 'eval.tsv'),
      none: 'oos',
      onWarning,
    }),
  );
  t.is(warnings.length, 2);
  t.regex(warnings[0], /scarce\.tsv: .*6 labels: rare_0 \(2 training rows\), rare_1 \(1 training row\), .*and 1 more$/);
  t.regex(warnings[1], /eval\.tsv: .*6 labels: rare_0/);
});

test("the ladder's scores are those that eval measures on the eval file", async (t) => {
  const { output, manifest, evaluation } = await fitted(t);
  const bundle = await openBundle(output);
  const rows = await readRows(evaluation);
  for (const rung of manifest.ladder) {
    const found = await evaluate(bundle, { rows, file: evaluation, profile: rung.profile });
    t.deepEqual(
      [found.accuracy, found.inScopeTop1, found.inScopeAccuracy, found.outOfScopeRecall],
      [rung.accuracy, rung.inScopeTop1, rung.inScopeAccuracy, rung.outOfScopeRecall],
    );
    t.deepEqual([found.params, found.weightBytes], [rung.params, rung.weightBytes]);
  }
});

test('--refuse is kept: no more in-scope eval rows are refused than the share', async (t) => {
  for (const refuse of [0, 0.2]) {
    const { output, evaluation, manifest } = await fitted(t, { refuse });
    t.is(manifest.data?.refuse, refuse);
    const rows = (await readRows(evaluation)).filter(({ label }) => label !== 'oos');
    const model = await load(output, { profile: FULL });
    t.teardown(() => model.close());
    let refused = 0;
    for (const { text } of rows) if ((await model.predict([text]))[0].refused) refused++;
    t.true(refused <= refuse * rows.length, `${refused} of ${rows.length} for ${refuse}`);
    if (refuse === 0.2) t.true(refused >= 0.1 * rows.length, `${refused} of ${rows.length}`);
  }
});

test('scores are calibrated: the error on the eval rows is told before and after', async (t) => {
  const { manifest } = await fitted(t);
  for (const profile of [FULL, EIGHT]) {
    const { temperature, refusal, calibrationErrorBefore, calibrationErrorAfter } = manifest.calibrations[profile];
    t.true(temperature > 0 && temperature !== 1);
    t.true(refusal !== undefined && calibrationErrorBefore !== undefined && calibrationErrorAfter !== undefined);
  }
});

for (const store of ['fp16', 'q8'] as const)
  test(`twice with one seed (${store}): the same master and golden answers; another seed: others`, async (t) => {
    const [one, other, third] = [
      await fitted(t, { store }),
      await fitted(t, { store }),
      await fitted(t, { store, seed: 2 }),
    ];
    const bytes = (output: string, name: string) => readFile(join(output, name));
    for (const name of ['master.safetensors', 'golden.jsonl', 'tokenizer.json'])
      t.deepEqual(await bytes(one.output, name), await bytes(other.output, name), name);
    t.notDeepEqual(await bytes(one.output, 'master.safetensors'), await bytes(third.output, 'master.safetensors'));
    t.is(one.manifest.store, store);
  });

test('golden answers are those that the bundle gives', async (t) => {
  const { output } = await fitted(t);
  const lines = (await readFile(join(output, 'golden.jsonl'), 'utf8')).trim().split('\n');
  t.is(lines.length, 16);
  for (const profile of [FULL, EIGHT]) {
    const model = await load(output, { profile });
    t.teardown(() => model.close());
    for (const line of lines) {
      const { text, answers } = JSON.parse(line);
      const [{ label, score }] = await model.predict([text]);
      t.is(label, answers[profile].label);
      t.true(Math.abs(score - answers[profile].score) < 1e-3);
    }
  }
});

test('a label called none is no refusal', async (t) => {
  const { folder, data, evaluation } = await dataFiles(t);
  for (const file of [data, evaluation])
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('\toos', '\tnone'));
  const output = join(folder, 'bundle');
  const { manifest } = await build(buildOptions('bert-mean', output, { data, evaluation }));
  t.true(manifest.labels.includes('none'));
  t.is(manifest.noneLabel, 'none_');
  t.is(manifest.ladder[0].outOfScopeRecall, undefined);
});

test("the checkpoint's own head is kept where there is no data", async (t) => {
  for (const name of ['bert-single-label', 'distilbert-multi-label'] as const) {
    const { folder } = await dataFiles(t);
    const { manifest, rows } = await build(buildOptions(name, join(folder, 'bundle'), { store: 'q8' }));
    t.is(manifest.head.kind, 'checkpoint');
    t.is(manifest.head.problem, name === 'bert-single-label' ? 'single' : 'multi');
    t.is(rows, 0);
    t.is(manifest.data, undefined);
    t.is(manifest.ladder[0].accuracy, undefined);
    const master = await Master.open(join(folder, 'bundle', 'master.safetensors'));
    t.teardown(() => master.close());
    t.true(master.has('head.classifier.weight') && master.has('ranges.1.down'));
    t.is((await readFile(join(folder, 'bundle', 'golden.jsonl'), 'utf8')).trim().split('\n').length, 4);
  }
});

test('a head is fitted on a checkpoint that has one: its own is left out', async (t) => {
  const { folder, data, evaluation } = await dataFiles(t);
  const output = join(folder, 'bundle');
  await build(buildOptions('bert-single-label', output, { data, evaluation, none: 'oos' }));
  const master = await Master.open(join(output, 'master.safetensors'));
  t.teardown(() => master.close());
  t.true(master.has('head.weight') && !master.has('head.classifier.weight'));
});

test('a checkpoint without head, and no data', async (t) => {
  const { folder } = await dataFiles(t);
  const error = await t.throwsAsync(build(buildOptions('bert-mean', join(folder, 'bundle'))), { code: 'USAGE' });
  t.regex(error?.message ?? '', /no classification head/);
  t.deepEqual(readdirSync(folder).sort(), ['eval.tsv', 'train.tsv']);
});

test('texts are lower-cased first where the checkpoint says so, in the bundle too', async (t) => {
  const checkpoint = await copyOf(t, 'bert-mean');
  await patchJson(join(checkpoint, 'sentence_bert_config.json'), { do_lower_case: true });
  const json = JSON.parse(await readFile(join(checkpoint, 'tokenizer.json'), 'utf8'));
  json.normalizer.lowercase = false; // capitals would be unknown
  await writeFile(join(checkpoint, 'tokenizer.json'), JSON.stringify(json));
  const { folder, data, evaluation } = await dataFiles(t);
  const output = join(folder, 'bundle');
  await build({ ...buildOptions('bert-mean', output, { data, evaluation, none: 'oos' }), checkpoint });
  const model = await load(output);
  t.teardown(() => model.close());
  t.deepEqual(model.encode('TURN Off The LAMP'), model.encode('turn off the lamp'));
  t.deepEqual(await model.predict(['TURN Off The LAMP']), await model.predict(['turn off the lamp']));
});

test('a tokenizer without special tokens: an empty text has an answer all the same', async (t) => {
  const checkpoint = await copyOf(t, 'bert-mean');
  const json = JSON.parse(await readFile(join(checkpoint, 'tokenizer.json'), 'utf8'));
  await writeFile(join(checkpoint, 'tokenizer.json'), `\ufeff${JSON.stringify({ ...json, post_processor: null })}`);
  const { folder, data, evaluation } = await dataFiles(t);
  const output = join(folder, 'bundle');
  await build({ ...buildOptions('bert-mean', output, { data, evaluation, none: 'oos' }), checkpoint });
  const model = await load(output);
  t.teardown(() => model.close());
  const [{ score }] = await model.predict(['']);
  t.true(score >= 0 && score <= 1);
});

test('a failure leaves the old bundle, and nothing else', async (t) => {
  const { folder, data, evaluation, output } = await fitted(t);
  const { identity } = await openBundle(output);
  const damaged = await copyOf(t, 'bert-mean');
  await rewriteWeights(join(damaged, 'model.safetensors'), (tensors) => {
    const tensor = tensors.get('encoder.layer.1.output.dense.weight');
    new Float32Array(tensor?.bytes.buffer ?? new ArrayBuffer(4), 0, 1)[0] = Number.NaN;
  });
  const options = buildOptions('bert-mean', output, { data, evaluation, none: 'oos' });
  const strange = join(folder, 'strange.tsv');
  await writeFile(strange, `${asTsv(evalRows)}turn it\tnew_label\n`);
  const failures: [BuildOptions, string][] = [
    [{ ...options, checkpoint: damaged }, 'TENSOR_VALUE'],
    [{ ...options, evaluation: strange }, 'DATA_LABEL_ONLY_IN_EVAL'],
    [{ ...options, data: join(folder, 'nothing.tsv') }, 'DATA_NOT_READABLE'],
    [{ ...options, none: 'absent' }, 'DATA_NONE_LABEL_ABSENT'],
  ];
  for (const [wrong, code] of failures) {
    await t.throwsAsync(build(wrong), { code }, code);
    t.is((await openBundle(output)).identity, identity, code);
    t.deepEqual(readdirSync(folder).sort(), ['bundle', 'eval.tsv', 'strange.tsv', 'train.tsv'], code);
  }
  const stop = {
    ...options,
    onProgress: (step: string) => {
      if (step === 'fitting') throw new Error('stopped');
    },
  };
  await t.throwsAsync(build(stop), { message: 'stopped' });
  t.is((await openBundle(output)).identity, identity);
  t.deepEqual(readdirSync(folder).sort(), ['bundle', 'eval.tsv', 'strange.tsv', 'train.tsv']);
});

test('the folder above the bundle is not there', async (t) => {
  const { folder } = await dataFiles(t);
  const output = join(folder, 'no', 'such', 'bundle');
  await t.throwsAsync(build(buildOptions('bert-single-label', output)), { code: 'BUNDLE_WRITE' });
});

test('a bundle works away from its checkpoint', async (t) => {
  const { output, folder } = await fitted(t);
  const away = join(folder, 'away');
  await mkdir(away);
  await cp(output, join(away, 'board'), { recursive: true });
  await rm(output, { recursive: true });
  const model = await load(join(away, 'board'));
  t.teardown(() => model.close());
  t.is((await model.predict(['turn off the lamp'])).length, 1);
});
