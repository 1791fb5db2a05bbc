import test from 'ava';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { bytesOf, fixtureJson } from './support.js';

const byLetter = Object.fromEntries([...'abcdehlrt', 'th', 'the', '▁', '▁the'].map((piece, i) => [piece, i + 4]));
const added = ['<s>', '<pad>', '</s>', '<unk>'].map((content, id) => ({
  id,
  content,
  special: true,
  normalized: false,
  lstrip: false,
  rstrip: false,
  single_word: false,
}));
const template = {
  type: 'TemplateProcessing',
  single: [
    { SpecialToken: { id: '<s>', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { SpecialToken: { id: '</s>', type_id: 0 } },
  ],
  pair: [],
  special_tokens: {
    '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] },
    '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] },
  },
};
const vocab = { '<s>': 0, '<pad>': 1, '</s>': 2, '<unk>': 3, ...byLetter };
const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };

const schemes = {
  BPE: {
    type: 'BPE',
    unk_token: '<unk>',
    vocab,
    merges: [
      ['t', 'h'],
      ['th', 'e'],
      ['▁', 'the'],
    ],
  },
  Unigram: { type: 'Unigram', unk_id: 3, vocab: Object.keys(vocab).map((piece) => [piece, -10 / piece.length]) },
};

for (const [name, model] of Object.entries(schemes))
  test(`${name} is read by the general library, and cut the same way`, async (t) => {
    const json = { added_tokens: added, normalizer: null, pre_tokenizer: metaspace, post_processor: template, model };
    const tokenizer = await loadTokenizer(bytesOf(json), { maxTokens: 6 });
    t.like(tokenizer, { vocabSize: 17, padTokenId: 1, unknownId: 3, maxTokens: 6 });
    t.deepEqual(tokenizer.encode('the the'), { ids: [0, 16, 16, 2], truncated: false });
    t.deepEqual(tokenizer.encode(''), { ids: [0, 2], truncated: false });
    t.deepEqual(tokenizer.encode('the '.repeat(9).trim()), { ids: [0, 16, 16, 16, 16, 2], truncated: true });
    t.deepEqual(tokenizer.encode(`the${' the'.repeat(500_000)}`), { ids: [0, 16, 16, 16, 16, 2], truncated: true });
    t.deepEqual(tokenizer.encode('\ud800').ids, tokenizer.encode('\ufffd').ids);
  });

test('WordPiece with another normalizer, or with tokens matched in other ways, goes to the general library', async (t) => {
  const lower = await loadTokenizer(bytesOf(fixtureJson((json) => (json.normalizer = { type: 'Lowercase' }))));
  const own = await loadTokenizer(bytesOf(fixtureJson()));
  t.not(lower.constructor, own.constructor);
  t.deepEqual(lower.encode('The Weather'), own.encode('The Weather'));
  const wide = await loadTokenizer(bytesOf(fixtureJson((json) => (json.added_tokens[4].lstrip = true))));
  t.not(wide.constructor, own.constructor);
  t.deepEqual(wide.encode('the  [MASK]'), own.encode('the  [MASK]'));
});

test('a scheme that nobody reads is refused by name', async (t) => {
  const json = { added_tokens: [], model: { type: 'Oracle', vocab: [] } };
  await t.throwsAsync(loadTokenizer(bytesOf(json), { name: 'x/tokenizer.json' }), {
    code: 'TOKENIZER_NOT_SUPPORTED',
    message: /x\/tokenizer\.json/,
  });
});
