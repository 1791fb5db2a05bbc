import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SnugError } from '../../src/errors/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { bytesOf, expected, fixtureFile, fixtureJson, type TokenizerJson } from './support.js';

async function folderOf(t: ExecutionContext, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-tokenizer-'));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const { vocab } = fixtureJson().model;
const vocabText = `${Object.keys(vocab)
  .sort((a, b) => vocab[a] - vocab[b])
  .join('\n')}\n`;

test('a folder, its file and the bytes of the file give the same tokenizer', async (t) => {
  const folder = await folderOf(t, { 'tokenizer.json': bytesOf(fixtureJson()), 'vocab.txt': 'not read\n' });
  for (const source of [folder, join(folder, 'tokenizer.json'), bytesOf(fixtureJson()), fixtureFile]) {
    const tokenizer = await loadTokenizer(source);
    t.like(tokenizer, {
      vocabSize: Object.keys(fixtureJson().model.vocab).length,
      padTokenId: 0,
      unknownId: 1,
      maxTokens: 512,
    });
    t.deepEqual(tokenizer.encode(expected.texts[3]).ids, expected.ids.uncased[3]);
  }
});

test('a tokenizer.json may be indented, begin with a byte order mark and write its pieces with escapes', async (t) => {
  const escaped = JSON.stringify(fixtureJson(), null, 2).replace(
    /[^ -~\n]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const tokenizer = await loadTokenizer(Buffer.from(`\ufeff${escaped}`));
  for (const [i, text] of expected.texts.entries()) t.deepEqual(tokenizer.encode(text).ids, expected.ids.uncased[i]);
});

test('vocab.txt is read with the settings beside it', async (t) => {
  const settings = {
    cased: { do_lower_case: false },
    uncased: { unk_token: { content: '[UNK]' }, strip_accents: null },
  };
  for (const [name, config] of Object.entries(settings)) {
    const folder = await folderOf(t, { 'vocab.txt': vocabText, 'tokenizer_config.json': JSON.stringify(config) });
    const tokenizer = await loadTokenizer(folder);
    for (const [i, text] of expected.texts.entries()) t.deepEqual(tokenizer.encode(text).ids, expected.ids[name][i]);
  }
  const alone = await loadTokenizer(await folderOf(t, { 'vocab.txt': vocabText.replaceAll('\n', '\r\n') }));
  t.like(alone, { vocabSize: Object.keys(fixtureJson().model.vocab).length, unknownId: 1 });
  t.deepEqual(alone.encode(expected.texts[4]).ids, expected.ids.uncased[4]);
});

test('a vocab.txt without [CLS], or with settings of the wrong type, is refused', async (t) => {
  const without = await folderOf(t, { 'vocab.txt': vocabText.replace('[CLS]\n', '[cls]\n') });
  await t.throwsAsync(loadTokenizer(without), { code: 'TOKENIZER_INVALID', message: /vocab\.txt.*cls_token.*\[CLS\]/ });
  const config = { 'tokenizer_config.json': '{"do_lower_case": "yes"}' };
  const wrong = await folderOf(t, { 'vocab.txt': vocabText, ...config });
  await t.throwsAsync(loadTokenizer(wrong), {
    code: 'TOKENIZER_INVALID',
    message: /tokenizer_config\.json.*do_lower_case/,
  });
});

test('a folder without a tokenizer, and a file that is not there, are named', async (t) => {
  const folder = await folderOf(t, {});
  await t.throwsAsync(loadTokenizer(folder), {
    code: 'TOKENIZER_NOT_FOUND',
    message: /neither tokenizer\.json nor vocab\.txt/,
  });
  await t.throwsAsync(loadTokenizer(join(folder, 'no.json')), { code: 'TOKENIZER_NOT_FOUND', message: /no\.json/ });
});

test('the special tokens come from the post-processor', async (t) => {
  const ids = async (change: (json: TokenizerJson) => void) =>
    (await loadTokenizer(bytesOf(fixtureJson(change)))).encode('the').ids;
  const [start, word, end] = await ids(() => undefined);
  t.deepEqual(
    await ids((json) => (json.post_processor = { type: 'BertProcessing', cls: ['[CLS]', 2], sep: ['[SEP]', 3] })),
    [start, word, end],
  );
  t.deepEqual(await ids((json) => (json.post_processor = null)), [word]);
});

test('an added token beyond the vocabulary is recognised anywhere in a text, and counts into the vocabulary size', async (t) => {
  const size = Object.keys(fixtureJson().model.vocab).length;
  const added = { special: true, normalized: false, lstrip: false, rstrip: false, single_word: false };
  const tokenizer = await loadTokenizer(
    bytesOf(
      fixtureJson((json) =>
        json.added_tokens.push(
          { id: size, content: '<é>', ...added },
          { id: size + 1, content: 'éa', ...added },
          { id: size + 2, content: '<é><', ...added },
        ),
      ),
    ),
  );
  t.is(tokenizer.vocabSize, size + 3);
  const the = tokenizer.encode('the').ids[1];
  t.deepEqual(tokenizer.encode('the<é>the').ids.slice(1, -1), [the, size, the]);
  t.deepEqual(tokenizer.encode('theéathe<é><é>').ids.slice(1, -1), [
    the,
    size + 1,
    the,
    size + 2,
    ...tokenizer.encode('é>').ids.slice(1, -1),
  ]);
});

const damage: Record<string, [change: (json: TokenizerJson) => unknown, message: RegExp]> = {
  'no model': [(json) => Reflect.deleteProperty(json, 'model'), /has no 'model'/],
  'no vocabulary': [(json) => Reflect.deleteProperty(json.model, 'vocab'), /'model\.vocab'/],
  'an empty vocabulary': [(json) => (json.model.vocab = {}), /'model\.vocab' is empty/],
  'an id that is missing': [
    (json) => Reflect.deleteProperty(json.model.vocab, 'weather'),
    /'model\.vocab' has no piece with id \d+/,
  ],
  'an id given twice': [
    (json) => (json.model.vocab.weather = json.model.vocab.pump),
    /'model\.vocab' gives id \d+ to two pieces/,
  ],
  'an id far out': [(json) => (json.model.vocab.weather = 2 ** 40), /'model\.vocab' has id 1099511627776/],
  'an id that is no number': [
    (json) => Reflect.set(json.model.vocab, 'weather', 'x'),
    /'model\.vocab': expected a whole number at byte \d+/,
  ],
  'a negative id': [(json) => (json.model.vocab.weather = -1), /expected a whole number at byte \d+/],
  'a fraction for an id': [(json) => (json.model.vocab.weather = 1.5), /expected ',' or '}' at byte \d+/],
  'no unknown token': [(json) => (json.model.unk_token = '<unk>'), /'model\.unk_token' names "<unk>"/],
  'a word limit of the wrong type': [
    (json) => Reflect.set(json.model, 'max_input_chars_per_word', '9'),
    /'model\.max_input_chars_per_word' is "9"/,
  ],
  'a setting of the wrong type': [
    (json) => Object.assign(json.normalizer ?? {}, { lowercase: 1 }),
    /'normalizer\.lowercase' is 1/,
  ],
  'a template naming an unlisted token': [
    (json) => Object.assign(json.post_processor ?? {}, { special_tokens: {} }),
    /\[CLS\].*special_tokens/,
  ],
  'a special token not in the vocabulary': [
    (json) => (json.post_processor = { type: 'BertProcessing', cls: ['<s>', 2], sep: ['[SEP]', 3] }),
    /'post_processor\.cls' names "<s>"/,
  ],
  'a template without the text': [
    (json) => Object.assign(json.post_processor ?? {}, { single: [] }),
    /no place for the text/,
  ],
  'an added token against the vocabulary': [
    (json) => (json.added_tokens[2].id = 7),
    /'added_tokens' gives '\[CLS\]' the id 7, 'model\.vocab' 2/,
  ],
  'an added token with another piece’s id': [
    (json) => (json.added_tokens[4].content = '[NEW]'),
    /'added_tokens' gives '\[NEW\]' the id 4/,
  ],
  'an added token without content': [
    (json) => Reflect.deleteProperty(json.added_tokens[1], 'content'),
    /'added_tokens\[1\]\.content'/,
  ],
  'added tokens that are no list': [(json) => Reflect.set(json, 'added_tokens', 5), /'added_tokens' is not a list/],
};
for (const [name, [change, message]] of Object.entries(damage))
  test(`a damaged tokenizer.json is refused, naming file and key: ${name}`, async (t) => {
    const bytes = bytesOf(fixtureJson((json) => void change(json)));
    const error = await t.throwsAsync(loadTokenizer(bytes, { name: 'bundle/tokenizer.json' }), {
      instanceOf: SnugError,
      code: 'TOKENIZER_INVALID',
    });
    t.regex(error.message, /^bundle\/tokenizer\.json: /);
    t.regex(error.message, message);
  });

test('what is no JSON is refused: empty, cut off, binary, another type', async (t) => {
  const whole = bytesOf(fixtureJson());
  const wrong = [
    Buffer.alloc(0),
    Buffer.from('[1]'),
    Buffer.from('null'),
    Buffer.from('{"model":'),
    Buffer.from([0xff, 0xfe, 0]),
  ];
  for (let cut = 1; cut < whole.length; cut += 97) wrong.push(Buffer.from(whole.subarray(0, cut)));
  for (const bytes of wrong)
    await t.throwsAsync(loadTokenizer(bytes), { code: 'TOKENIZER_INVALID', message: /^tokenizer\.json: / });
});

test('a key that stands twice in the vocabulary is refused', async (t) => {
  const size = Object.keys(fixtureJson().model.vocab).length;
  const text = JSON.stringify(fixtureJson()).replace('"vocab":{', `"vocab":{"pump":${size},`);
  await t.throwsAsync(loadTokenizer(Buffer.from(text)), {
    code: 'TOKENIZER_INVALID',
    message: /has 'pump' twice, with ids \d+ and \d+/,
  });
});

test('a limit without room for a text is refused', async (t) => {
  for (const maxTokens of [0, -1, 1.5, Number.NaN, 1, 2])
    await t.throwsAsync(loadTokenizer(fixtureFile, { maxTokens }), { code: 'TOKENIZER_INVALID' });
  t.is((await loadTokenizer(fixtureFile, { maxTokens: 3 })).encode('the pump').ids.length, 3);
});
