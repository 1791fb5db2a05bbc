import { createHash } from 'node:crypto';
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import test from 'ava';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { bytesOf, expected, fixtureFile, fixtureJson, seeded } from './support.js';

for (const [name, normalizer] of Object.entries(expected.options)) {
  test(`ids are those of the reference, texts by hand and random ones: ${name}`, async (t) => {
    const tokenizer = await loadTokenizer(
      bytesOf(fixtureJson((json) => (json.normalizer = { type: 'BertNormalizer', ...normalizer }))),
    );
    t.is(expected.texts.length, expected.ids[name].length);
    for (const [i, text] of expected.texts.entries())
      t.deepEqual(tokenizer.encode(text), { ids: expected.ids[name][i], truncated: false }, JSON.stringify(text));
  });

  test(`every code point is treated as the reference treats it: ${name}`, async (t) => {
    // A vocabulary that spells nearly everything, so that nothing hides behind [UNK]; the same as in fixtures/tokenizer/make.py.
    const json = fixtureJson((changed) => {
      const vocab = Object.fromEntries(changed.added_tokens.map(({ content, id }) => [content, id]));
      let next = changed.added_tokens.length;
      for (let c = 0x21; c < 0x20000; c++) {
        if (c >= 0xd800 && c < 0xe000) continue;
        vocab[String.fromCodePoint(c)] = next++;
        vocab[`##${String.fromCodePoint(c)}`] = next++;
      }
      changed.model.vocab = vocab;
      changed.normalizer = { type: 'BertNormalizer', ...normalizer };
    });
    const tokenizer = await loadTokenizer(bytesOf(json));
    const hash = createHash('sha256');
    for (let c = 0; c < 0x110000; c++) {
      if ((c >= 0xd800 && c < 0xe000) || (c >= 0x30000 && c % 251 !== 0)) continue;
      const character = String.fromCodePoint(c);
      const { ids } = tokenizer.encode(`A${character}b${character}\u302e${character}\u{1d165}`);
      hash.update(`${ids.join(' ')}\n`);
    }
    t.is(hash.digest('hex'), expected.everyCodePoint[name]);
  });
}

test('ids are those of the general library wherever that agrees with the reference', async (t) => {
  // Left out, because the library (0.2.0) differs from the reference there: characters and marks younger than the reference's
  // tables, ideographs beyond the BMP and U+FFFD next to others, sigma at a word's end, U+0130, U+000B to U+000C and U+0085.
  const ranges = [
    [0x20, 0x7e],
    [0xa1, 0x12f],
    [0x131, 0x24f],
    [0x300, 0x36f],
    [0x391, 0x3a1],
    [0x3b1, 0x3c1],
    [0x400, 0x45f],
    [0x5d0, 0x5ea],
    [0x620, 0x669],
    [0x904, 0x939],
    [0x3041, 0x30fe],
    [0x4e00, 0x9fa5],
    [0xac00, 0xd7a3],
    [0x1f300, 0x1f5ff],
  ];
  const random = seeded(4);
  const below = (limit: number) => Math.floor(random() * limit);
  const json = fixtureJson();
  const pieces = Object.keys(json.model.vocab);
  const tokenizer = await loadTokenizer(bytesOf(json), { maxTokens: 4096 });
  const library = new LibraryTokenizer(json, {});
  for (let round = 0; round < 3000; round++) {
    let text = '';
    for (let parts = 1 + below(20); parts > 0; parts--) {
      const [first, last] = ranges[below(ranges.length)];
      const kind = random();
      if (kind < 0.3) text += pieces[below(pieces.length)];
      else if (kind < 0.45) text += [' ', '\t', '\n', '\u00a0', '\u3000'][below(5)];
      else for (let n = 1 + below(4); n > 0; n--) text += String.fromCodePoint(first + below(last - first + 1));
    }
    t.deepEqual(tokenizer.encode(text).ids, library.encode(text).ids, JSON.stringify(text));
  }
});

test('a text cut at maxTokens has the first ids of the whole text, and says that it was cut', async (t) => {
  const whole = await loadTokenizer(fixtureFile, { maxTokens: 100_000 });
  for (const maxTokens of [3, 4, 9, 20]) {
    const short = await loadTokenizer(fixtureFile, { maxTokens });
    t.is(short.maxTokens, maxTokens);
    for (const text of expected.texts) {
      const all = whole.encode(text).ids;
      const { ids, truncated } = short.encode(text);
      t.is(truncated, all.length > maxTokens, JSON.stringify(text));
      t.deepEqual(ids, truncated ? [...all.slice(0, maxTokens - 1), all[all.length - 1]] : all, JSON.stringify(text));
    }
  }
});

test('hostile texts of millions of characters are read, and no further than needed', async (t) => {
  const tokenizer = await loadTokenizer(fixtureFile, { maxTokens: 16 });
  const { unknownId } = tokenizer;
  const [start, end] = tokenizer.encode('').ids;
  const once = (text: string) => tokenizer.encode(text.repeat(2_000_000));
  t.deepEqual(once('xxxxx'), { ids: [start, unknownId, end], truncated: false });
  t.deepEqual(once('\u0000'), { ids: [start, end], truncated: false });
  t.deepEqual(once(' \n'), { ids: [start, end], truncated: false });
  t.deepEqual(once('\u0301'), { ids: [start, end], truncated: false });
  t.deepEqual(once('\u302e\u{1d165}'), { ids: [start, unknownId, end], truncated: false });
  t.like(once('the '), { truncated: true });
  t.like(once('['), { truncated: true });
  t.deepEqual(once('[SEP]').ids, [start, ...Array<number>(14).fill(end), end]);
});

test('half a surrogate pair counts as U+FFFD, at the end of a text too', async (t) => {
  const tokenizer = await loadTokenizer(
    bytesOf(fixtureJson((json) => Object.assign(json.normalizer ?? {}, { clean_text: false }))),
  );
  for (const text of ['a\ud83d', '\ude00a', 'a \ud83d b', '\ud83d\ud83d\ude00'])
    t.deepEqual(tokenizer.encode(text), tokenizer.encode(text.replace(/\p{Surrogate}/gu, '\ufffd')));
});

test('calls do not disturb one another, whatever came before', async (t) => {
  const tokenizer = await loadTokenizer(fixtureFile, { maxTokens: 5 });
  const first = tokenizer.encode('turn on the lights').ids;
  const copy = [...first];
  tokenizer.encode('x'.repeat(500));
  tokenizer.encode('e\u302e');
  t.deepEqual(first, copy);
  t.deepEqual(tokenizer.encode('turn on the lights').ids, copy);
});

test('ids are those of the reference with the vocabulary of all-MiniLM-L6-v2', async (t) => {
  const checkpoint = process.env.SNUG_CHECKPOINT;
  if (checkpoint === undefined) {
    t.log('SNUG_CHECKPOINT is not set: not tried with the real vocabulary');
    t.pass();
    return;
  }
  const tokenizer = await loadTokenizer(checkpoint, { maxTokens: 64 });
  t.like(tokenizer, { vocabSize: 30_522, padTokenId: 0, unknownId: 100 });
  const fromText = await loadTokenizer(`${checkpoint}/vocab.txt`, { maxTokens: 64 });
  t.like(fromText, { vocabSize: 30_522, padTokenId: 0, unknownId: 100 });
  for (const [i, ids] of expected.minilm.entries()) {
    t.deepEqual(tokenizer.encode(expected.texts[i]).ids, ids, JSON.stringify(expected.texts[i]));
    t.deepEqual(fromText.encode(expected.texts[i]).ids, ids, JSON.stringify(expected.texts[i]));
  }
});
