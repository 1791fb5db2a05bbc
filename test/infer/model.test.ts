/** A loaded model, through the library's own door. */
import test, { type ExecutionContext } from 'ava';
import { load, type Model, SnugError } from '../../src/index.js';
import { bundleOf, useOwnCache } from '../bundle/support.js';
import type { FixtureName } from '../checkpoint/support.js';
import { fixture, worst } from '../model/support.js';

useOwnCache(test);

const FULL = 'w1.00-p0.00-q32';
const EIGHT = 'w1.00-p0.00-q8';
/** The bundle stores weights in half precision. */
const TOLERANCE = 2e-3;

async function loaded(t: ExecutionContext, checkpoint: FixtureName, profile = FULL): Promise<Model> {
  const model = await load(await bundleOf(t, checkpoint), { profile });
  t.teardown(() => model.close());
  return model;
}

/** Texts of many lengths, in no order. */
const texts = Array.from({ length: 70 }, (_, i) =>
  Array.from(
    { length: 1 + ((i * 13) % 11) },
    (__, j) => ['lamp', 'is', 'high', 'and', 'turn', 'it', 'off'][(i + j) % 7],
  ).join(' '),
);

test('the checkpoint gives the labels and scores of the reference', async (t) => {
  for (const name of ['bert-single-label', 'distilbert-multi-label'] as const) {
    const { expected } = await fixture(t, name);
    const model = await loaded(t, name);
    t.is(model.profile, FULL);
    t.deepEqual(model.labels, expected.labels);
    const predictions = await model.predict(expected.texts.map(({ text }) => text));
    for (const [i, { text, scores = [], truncated }] of expected.texts.entries()) {
      const { label, score, labels, refused } = predictions[i];
      // Labels with the reference's scores, best first.
      const ranked = model.labels
        .map((each, at) => ({ label: each, score: scores[at] }))
        .sort((x, y) => y.score - x.score);
      t.true(Math.abs(score - ranked[0].score) < TOLERANCE, text);
      t.is(predictions[i].truncated ?? false, truncated, text);
      if (expected.problem === 'single') {
        t.is(label, ranked[0].label, text);
        continue;
      }
      const chosen = ranked.filter((each) => each.score >= 0.5);
      t.deepEqual(
        labels?.map((each) => each.label),
        chosen.map((each) => each.label),
      );
      t.true(labels?.every((each, at) => Math.abs(each.score - chosen[at].score) < TOLERANCE));
      t.is(refused, chosen.length === 0 ? true : undefined);
      t.is(label, chosen.length === 0 ? model.noneLabel : ranked[0].label);
    }
  }
});

test('many texts in one call: the answers of one by one, in the order given', async (t) => {
  const model = await loaded(t, 'bert-single-label');
  const [together, vectors] = [await model.predict(texts), await model.embed(texts)];
  t.is(together.length, texts.length);
  for (const [i, text] of texts.entries()) {
    const [alone] = await model.predict([text]);
    t.is(together[i].label, alone.label);
    t.true(Math.abs(together[i].score - alone.score) < 1e-5);
    t.true(worst(vectors[i], (await model.embed([text]))[0]) < 1e-5);
  }
  t.true(new Set(together.map(({ score }) => score)).size > 20, 'all texts were answered alike');
});

test('8 bits: one call answers nearly as one by one does', async (t) => {
  const model = await loaded(t, 'bert-single-label', EIGHT);
  t.is(model.profile, EIGHT);
  const together = await model.predict(texts);
  for (const [i, text] of texts.entries())
    t.true(Math.abs(together[i].score - (await model.predict([text]))[0].score) < 0.1, text);
});

test('no texts, no answers', async (t) => {
  const model = await loaded(t, 'bert-single-label');
  t.deepEqual(await model.predict([]), []);
  t.deepEqual(await model.embed([]), []);
});

test('calls that overlap are served one after the other, none lost or mixed up', async (t) => {
  const model = await loaded(t, 'bert-single-label');
  const wanted = await model.predict(texts);
  const calls = await Promise.all([
    ...texts.map(async (text) => (await model.predict([text]))[0].label),
    ...texts.map(async (text) => (await model.embed([text]))[0].length),
  ]);
  t.deepEqual(
    calls.slice(0, texts.length),
    wanted.map(({ label }) => label),
  );
  t.true(calls.slice(texts.length).every((length) => length === 32));
});

const hostile: Record<string, string> = {
  empty: '',
  spaces: ' \t\n\u00a0\u2003 ',
  NUL: 'turn\0off\0',
  control: '\u0001\u0002\u001b[31m\u0007',
  emoji: '👋🏽👨‍👩‍👧‍👦🏳️‍🌈',
  'right to left': 'مرحبا كيف حالك \u202eabc\u202c',
  'lone surrogates': '\ud800 turn \udfff off \ud83d',
  'combining marks': `e${'\u0301'.repeat(5000)}`,
  'one word of 100,000 letters': 'x'.repeat(100_000),
  '10 MB': 'turn off the lamp, please. '.repeat(400_000),
  '10 MB without a space': '光'.repeat(3_500_000),
  'special tokens': '[CLS] [SEP] [MASK] [PAD] [UNK]',
};
test('hostile texts are answered like any other, and the next text as if they had not been', async (t) => {
  const model = await loaded(t, 'bert-single-label', EIGHT);
  const [before] = await model.predict(['turn off the lamp']);
  for (const [what, text] of Object.entries(hostile)) {
    const [{ label, score, truncated }] = await model.predict([text]);
    t.true(model.labels.includes(label), what);
    t.true(score >= 0 && score <= 1, what);
    t.is(truncated ?? false, what.startsWith('10 MB'), what);
    const [vector] = await model.embed([text]);
    t.true(vector.every(Number.isFinite), what);
  }
  t.deepEqual((await model.predict(['turn off the lamp']))[0], before);
});

test('a text is marked truncated from the first token on that is cut', async (t) => {
  const model = await loaded(t, 'bert-single-label'); // 64 tokens, two of them special
  const marked = await model.predict(['a '.repeat(62), 'a '.repeat(63)]);
  t.deepEqual(
    marked.map(({ truncated }) => truncated),
    [undefined, true],
  );
});

test('after close: an error, no crash; closing twice is fine', async (t) => {
  const model = await load(await bundleOf(t), { profile: EIGHT });
  const pending = model.predict(['turn off']);
  await model.close();
  t.is((await pending).length, 1);
  await t.throwsAsync(model.predict(['turn off']), { code: 'MODEL_CLOSED' });
  await t.throwsAsync(model.embed(['turn off']), { code: 'MODEL_CLOSED' });
  await t.notThrowsAsync(model.close());
});

test('two profiles of a bundle, and a profile twice, side by side', async (t) => {
  const bundle = await bundleOf(t);
  const models = await Promise.all([FULL, EIGHT, EIGHT].map((profile) => load(bundle, { profile })));
  t.teardown(() => Promise.all(models.map((model) => model.close())));
  const [full, eight, again] = await Promise.all(models.map((model) => model.predict(texts)));
  t.deepEqual(again, eight);
  t.true(full.filter(({ label }, i) => label === eight[i].label).length > texts.length * 0.9);
});

test('several threads give the answers of one', async (t) => {
  const bundle = await bundleOf(t);
  const [one, two] = await Promise.all([1, 2].map((threads) => load(bundle, { profile: FULL, threads })));
  t.teardown(() => Promise.all([one.close(), two.close()]));
  const [a, b] = [await one.predict(texts), await two.predict(texts)];
  t.true(a.every(({ score }, i) => Math.abs(score - b[i].score) < 1e-5));
});

test('errors come as SnugError, with a code and a remedy', async (t) => {
  const error = await t.throwsAsync(load('/no/such/bundle'), { instanceOf: SnugError });
  t.is(error?.code, 'BUNDLE_NOT_FOUND');
  t.truthy(error?.remedy);
});
