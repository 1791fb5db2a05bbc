/** `snug build`, `info` and `eval` from outside. */
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { build } from '../../src/build/index.js';
import { dataFiles, evalRows, trainRows } from '../build/support.js';
import { buildOptions, bundleOf, flipBit, useOwnCache } from '../bundle/support.js';
import { fixtures } from '../checkpoint/support.js';
import { ended, json, snug, started } from './snug.js';

useOwnCache(test);

const [FULL, EIGHT] = ['w1.00-p0.00-q32', 'w1.00-p0.00-q8'];
const checkpoint = join(fixtures, 'bert-mean');

/** A bundle with its data files, and the arguments that build it once more. */
async function built(t: ExecutionContext) {
  const { folder, data, evaluation } = await dataFiles(t);
  const bundle = join(folder, 'bundle');
  const { manifest } = await build(buildOptions('bert-mean', bundle, { data, evaluation, none: 'oos' }));
  const args = ['build', checkpoint, '--data', data, '--eval', evaluation, '--none', 'oos', '-o', bundle];
  return { folder, evaluation, bundle, args, ladder: manifest.ladder };
}

test('build --json: the fields of the contract, nothing left behind, no path of this machine in the bundle', async (t) => {
  const { args, bundle, folder } = await built(t);
  const result = await json(t, args);
  t.is(result.bundle, bundle);
  t.is(result.rows, trainRows.filter(([, label]) => label !== 'oos').length);
  t.deepEqual(result.labels, ['question', 'turn_off', 'turn_on']);
  t.true(result.seconds >= 0);
  for (const { profile, accuracy, params, weightBytes, macsPerToken } of result.ladder) {
    t.regex(profile, /^w1\.00-p0\.00-q(32|8|4)$/);
    t.true(accuracy > 0 && accuracy <= 1 && params > 0 && weightBytes > 0 && macsPerToken > 0);
  }
  t.deepEqual(readdirSync(folder).sort(), ['bundle', 'eval.tsv', 'train.tsv']);
  const manifest = await readFile(join(bundle, 'manifest.json'), 'utf8');
  t.false(manifest.includes(folder) || manifest.includes(fixtures));
  t.regex(
    JSON.parse(manifest).command,
    /^snug build bert-mean --data train\.tsv --eval eval\.tsv --none oos -o bundle/,
  );
});

test('build for people: steps on stderr, a table on stdout', async (t) => {
  const { args } = await built(t);
  const { code, out, err } = await snug(t, args);
  t.is(code, 0);
  t.regex(out, /3 labels/);
  t.regex(out, /profile +accuracy/);
  t.true(out.includes(FULL) && out.includes(EIGHT));
  for (const step of ['embedding w1.00-p0.00', 'fitting', `measuring ${EIGHT}`]) t.true(err.includes(`${step}\n`), err);
});

test('info: the manifest with labels and ladder; damage is found', async (t) => {
  const bundle = await bundleOf(t, 'distilbert-multi-label');
  t.deepEqual(await json(t, ['info', bundle]), JSON.parse(await readFile(join(bundle, 'manifest.json'), 'utf8')));
  const { code, out } = await snug(t, ['info', bundle]);
  t.is(code, 0);
  t.regex(out, /labels +3: urgent, spam, question/);
  t.true(out.includes(EIGHT));
  await flipBit(join(bundle, 'tokenizer.json'));
  const damaged = await snug(t, ['info', bundle]);
  t.is(damaged.code, 1);
  t.is(damaged.out, '');
  t.regex(damaged.err, /tokenizer\.json: its bytes are not those.*\n.*what to do: .*\[BUNDLE_DAMAGED\]/);
  t.notRegex(damaged.err, /^\s+at /m);
});

test('eval --json: the fields of the contract, and two profiles side by side', async (t) => {
  const { bundle, evaluation, ladder } = await built(t);
  const found = await json(t, ['eval', bundle, '--data', evaluation, '--compare', FULL]);
  t.is(found.profile, EIGHT);
  t.is(found.rows, evalRows.length);
  for (const key of ['accuracy', 'macroF1', 'inScopeTop1', 'inScopeAccuracy', 'outOfScopeRecall'])
    t.true(found[key] >= 0 && found[key] <= 1, key);
  t.is(found.accuracy, ladder[1].accuracy);
  const { p50, p95, p99 } = found.latencyMs;
  t.true(p50 > 0 && p50 <= p95 && p95 <= p99);
  t.deepEqual([found.params, found.weightBytes], [ladder[1].params, ladder[1].weightBytes]);
  t.true(found.rssAnonBytes > 1e6 && found.rssBytes > found.rssAnonBytes);
  t.deepEqual([found.compare.profile, found.compare.accuracy], [FULL, ladder[0].accuracy]);
  t.true(found.compare.agreement > 0.5 && found.compare.agreement <= 1 && found.compare.latencyRatio > 0);
  const alone = await json(t, ['eval', bundle, '--data', evaluation, '--profile', FULL]);
  t.is(alone.profile, FULL);
  t.is(alone.compare, undefined);
});

test('eval: TSV, CSV and JSON lines give the same; a profile compared with itself agrees wholly', async (t) => {
  const { bundle, evaluation, folder } = await built(t);
  const [csv, jsonl] = [join(folder, 'rows.csv'), join(folder, 'rows.jsonl')];
  await writeFile(csv, `text,label\n${evalRows.map(([text, label]) => `"${text}",${label}\n`).join('')}`);
  await writeFile(jsonl, evalRows.map(([text, label]) => JSON.stringify({ text, label })).join('\n'));
  const [a, b, c] = await Promise.all(
    [evaluation, csv, jsonl].map((file) => json(t, ['eval', bundle, '--data', file, '--compare', EIGHT])),
  );
  for (const { rows, accuracy, macroF1, compare } of [b, c]) {
    t.deepEqual([rows, accuracy, macroF1], [a.rows, a.accuracy, a.macroF1]);
    t.is(compare.agreement, 1);
  }
});

test('eval for people; a label that the bundle does not know is named with file and line', async (t) => {
  const { bundle, evaluation, folder } = await built(t);
  const { code, out } = await snug(t, ['eval', bundle, '--data', evaluation, '--compare', FULL]);
  t.is(code, 0);
  t.regex(out, /out of scope, refused +\d/);
  t.regex(out, /against w1\.00-p0\.00-q32/);
  const strange = join(folder, 'strange.tsv');
  await writeFile(strange, 'turn it on\tturn_on\nwhat?\tunheard_of\n');
  const refused = await snug(t, ['eval', bundle, '--data', strange]);
  t.is(refused.code, 1);
  t.regex(refused.err, /strange\.tsv:2: .*'unheard_of'/);
});

test('wrong use exits with 2, says what is right, and writes nothing', async (t) => {
  const { folder, data, evaluation } = await dataFiles(t);
  const bundle = await bundleOf(t);
  const output = join(folder, 'out');
  const cases: [string[], RegExp][] = [
    [['build'], /missing required argument 'checkpoint'|--output/],
    [['build', checkpoint], /--output/],
    [['build', checkpoint, '-o', output, '--data', data], /--data and --eval/],
    [['build', checkpoint, '-o', output, '--none', 'oos'], /--none needs --data/],
    [['build', checkpoint, '-o', output], /no classification head/],
    [['build', checkpoint, '-o', output, '--store', 'q4'], /fp16, q8/],
    [['build', checkpoint, '-o', output, '--recipe', 'all'], /head/],
    [['build', checkpoint, '-o', output, '--data', data, '--eval', evaluation, '--refuse', '2'], /from 0 to 0\.5/],
    [['build', checkpoint, '-o', output, '--seed', '-1'], /--seed/],
    [['build', checkpoint, '-o', output, '--fast'], /unknown option/],
    [['info'], /bundle/],
    [['eval', bundle], /--data/],
    [['eval', bundle, '--data', data, '--profile', 'small'], /'small' is no profile.*such as w1\.00-p0\.00-q8/],
    [['eval', bundle, '--data', data, '--compare', 'w1.00'], /is no profile/],
    [['run', bundle, '--profile', 'small'], /'small' is no profile/],
    [['embed', checkpoint, '--profile', EIGHT], /a checkpoint has no profiles/],
  ];
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, out, err } = await snug(t, args);
      t.is(code, 2, `${args.join(' ')}: ${err}`);
      t.regex(err, message, args.join(' '));
      t.is(out, '');
    }),
  );
  t.deepEqual(readdirSync(folder).sort(), ['eval.tsv', 'train.tsv']);
});

test('what can go wrong on the way exits with 1, in a few lines', async (t) => {
  const { folder, data, evaluation } = await dataFiles(t);
  const bundle = await bundleOf(t);
  const known = join(folder, 'known.tsv');
  await writeFile(known, 'turn it on\tlight_on\n');
  const output = join(folder, 'out');
  await mkdir(join(folder, 'empty'));
  const cases: [string[], RegExp][] = [
    [['build', join(folder, 'empty'), '-o', output], /config\.json/],
    [['build', checkpoint, '-o', output, '--data', join(folder, 'no.tsv'), '--eval', evaluation], /no\.tsv/],
    [['build', checkpoint, '-o', output, '--data', data, '--eval', evaluation, '--none', 'nothing'], /nothing/],
    [['build', checkpoint, '-o', folder, '--data', data, '--eval', evaluation], /no part of a bundle/],
    [['info', folder], /no manifest\.json/],
    [['eval', bundle, '--data', known, '--profile', 'w0.50-p0.00-q8'], /the nearest are w1\.00-p0\.00-q8/],
  ];
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, out, err } = await snug(t, args);
      t.is(code, 1, `${args.join(' ')}: ${err}`);
      t.regex(err, message);
      t.regex(err, /what to do: /);
      t.true(err.trim().split('\n').length <= 8, err);
      t.is(out, '');
    }),
  );
});

test('Ctrl-C in the middle of a build: the old bundle is there, nothing else', async (t) => {
  const { folder, bundle, args } = await built(t);
  const before = await readFile(join(bundle, 'manifest.json'));
  const child = started(t, args);
  child.stderr.once('data', () => child.kill('SIGINT'));
  const { code, err } = await ended(child);
  t.is(code, 1);
  t.regex(err, /SIGINT while .*\n.*\[INTERRUPTED\]/);
  t.deepEqual(readdirSync(folder).sort(), ['bundle', 'eval.tsv', 'train.tsv']);
  t.deepEqual(await readFile(join(bundle, 'manifest.json')), before);
});
