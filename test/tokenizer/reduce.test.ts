/** A smaller vocabulary that still spells whatever the whole one spells. */
import { existsSync } from 'node:fs';
import test from 'ava';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { neededIds, reduceTokenizer } from '../../src/tokenizer/reduce.js';
import { WordPieceTokenizer } from '../../src/tokenizer/word-piece.js';
import { bytesOf, expected, fixtureJson, seeded, type TokenizerJson } from './support.js';

async function wordPiece(source: string | Uint8Array): Promise<WordPieceTokenizer> {
  const tokenizer = await loadTokenizer(source);
  if (!(tokenizer instanceof WordPieceTokenizer)) throw new Error('not WordPiece');
  return tokenizer;
}
const fixture = (change?: (json: TokenizerJson) => void) => wordPiece(bytesOf(fixtureJson(change)));

/** A vocabulary of every letter, alone and inside words, and of many longer pieces. */
async function lettersAndMore(count: number): Promise<WordPieceTokenizer> {
  const random = seeded(7);
  return fixture((json) => {
    const pieces = [...'abcdef'].flatMap((letter) => [letter, `##${letter}`]);
    while (pieces.length < count)
      pieces.push((random() < 0.5 ? '##' : '') + randomWord(random, 2 + Math.floor(random() * 4)));
    const special = json.added_tokens.map(({ content }) => content);
    json.model.vocab = Object.fromEntries([...special, ...new Set(pieces)].map((piece, id) => [piece, id]));
  });
}

const randomWord = (random: () => number, length: number) =>
  Array.from({ length }, () => 'abcdef'[Math.floor(random() * 6)]).join('');

test('ids run from 0 without a gap, each for the piece that it had', async (t) => {
  const whole = await fixture();
  const needed = neededIds(whole.scheme).length;
  for (const size of [needed, needed + 10, whole.vocabSize, whole.vocabSize * 2]) {
    const texts = expected.texts.slice(0, 20);
    const { tokenizer, keptIds, used } = reduceTokenizer(whole, texts, size);
    t.is(keptIds.length, Math.min(size, whole.vocabSize));
    t.is(tokenizer.vocabSize, keptIds.length);
    t.is(new Set(keptIds).size, keptIds.length);
    const inTexts = new Set(texts.flatMap((text) => [...whole.encode(text).ids]));
    for (const [id, old] of keptIds.entries()) {
      if (id !== 0 && id !== used) t.true(old > keptIds[id - 1], 'both parts ascend');
      if (id >= used) t.false(inTexts.has(old), 'what texts have comes first');
    }
    const { vocabulary } = tokenizer.scheme;
    for (const [id, old] of keptIds.entries()) t.is(vocabulary.pieceOf(id), whole.scheme.vocabulary.pieceOf(old));
    const { unknownId, padTokenId, before, after } = tokenizer.scheme;
    t.deepEqual(
      [unknownId, padTokenId, ...before, ...after].map((id) => keptIds[id]),
      [whole.scheme.unknownId, whole.scheme.padTokenId, ...whole.scheme.before, ...whole.scheme.after],
    );
  }
});

test('all pieces kept: every text has the ids that it had', async (t) => {
  const whole = await fixture();
  const { tokenizer } = reduceTokenizer(whole, [], whole.vocabSize);
  for (const text of expected.texts) t.deepEqual(tokenizer.encode(text), whole.encode(text), JSON.stringify(text));
});

test('a text whose pieces are all kept reads as before; one that lost a piece is spelled with others', async (t) => {
  const whole = await lettersAndMore(400);
  const random = seeded(3);
  const texts = Array.from({ length: 300 }, () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomWord(random, 1 + Math.floor(random() * 8))).join(
      ' ',
    ),
  );
  const { tokenizer, keptIds } = reduceTokenizer(whole, texts.slice(0, 60), 150);
  const kept = new Set(keptIds);
  let same = 0;
  for (const text of texts) {
    const [before, after] = [whole.encode(text).ids, tokenizer.encode(text).ids];
    if (before.every((id) => kept.has(id))) {
      same++;
      t.deepEqual(
        after.map((id) => keptIds[id]),
        before,
        text,
      );
    }
    t.false(after.includes(tokenizer.unknownId), text);
    t.true(after.every((id) => id >= 0 && id < keptIds.length));
    const spelled = after.slice(1, -1).map((id) => tokenizer.scheme.vocabulary.pieceOf(id).replace('##', ''));
    t.is(spelled.join(''), text.replaceAll(' ', ''));
  }
  t.true(same > 20 && same < 290, `${same} of 300 as before`);
});

test('pieces that the texts use are kept before others, the most used first', async (t) => {
  const whole = await lettersAndMore(400);
  const pieces = Array.from({ length: whole.vocabSize }, (_, id) => whole.scheme.vocabulary.pieceOf(id));
  const words = pieces.filter((piece) => /^[a-f]{4,}$/.test(piece)).slice(-6);
  t.is(words.length, 6);
  const texts = words.flatMap((word, i) => new Array<string>(i + 1).fill(word));
  const { keptIds } = reduceTokenizer(whole, texts, neededIds(whole.scheme).length + 4);
  t.deepEqual(
    words.map((word) => keptIds.includes(pieces.indexOf(word))),
    [false, false, true, true, true, true],
  );
});

test('what no vocabulary spells is unknown before and after; a text of nothing has its marks', async (t) => {
  const whole = await fixture();
  const { tokenizer, keptIds } = reduceTokenizer(whole, [], neededIds(whole.scheme).length);
  for (const text of ['', ' ', '\u0000', '\ud800', '\u{10ffff}', 'a'.repeat(5000), ...expected.texts]) {
    const [before, after] = [whole.encode(text).ids, tokenizer.encode(text).ids];
    const unknown = (ids: readonly number[], id: number) => ids.filter((one) => one === id).length;
    t.is(unknown(after, tokenizer.unknownId), unknown(before, whole.unknownId), JSON.stringify(text));
    t.deepEqual([keptIds[after[0]], keptIds[after[after.length - 1]]], [before[0], before[before.length - 1]]);
  }
});

test("BERT's own vocabulary, cut to 8,000 pieces: no text becomes unknown that was known", async (t) => {
  const checkpoint = process.env.SNUG_CHECKPOINT;
  if (!checkpoint || !existsSync(checkpoint)) {
    t.log('SNUG_CHECKPOINT does not name a folder with all-MiniLM-L6-v2: not tested here');
    return t.pass();
  }
  const whole = await wordPiece(checkpoint);
  const { tokenizer } = reduceTokenizer(whole, expected.texts, 8000);
  const random = seeded(11);
  const { vocabulary } = whole.scheme;
  const glued = Array.from({ length: 4000 }, () =>
    Array.from({ length: 3 }, () => vocabulary.pieceOf(1000 + Math.floor(random() * 29000)).replace('##', '')).join(''),
  );
  for (const text of [...expected.texts, ...glued])
    if (!whole.encode(text).ids.includes(whole.unknownId))
      t.false(tokenizer.encode(text).ids.includes(tokenizer.unknownId), JSON.stringify(text));
  t.is(tokenizer.vocabSize, 8000);
});
