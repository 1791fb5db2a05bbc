/** A tokenizer.json that says the same as vocab.txt. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tokenizerJson } from '../../src/build/tokenizer-json.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { libraryTokenizer } from '../../src/tokenizer/library.js';
import { copyOf, opened, patchJson } from '../checkpoint/support.js';
import { fixture } from '../model/support.js';

const texts = [
  '',
  'Turn off the light in my room, please.',
  "what's it? lamp42 läMP CAFÉ naïve",
  '光 the light 光光',
  'the [MASK] is [UNK] [CLS]',
  `${'a'.repeat(101)} ${'a'.repeat(100)}`,
  'tabs\tand\nnewlines\u00a0and\u200bmore \ufeff \0',
  '👋🏽 hi',
];

/** The same ids from vocab.txt, from the file made of it, and from that file as the general library reads it. */
async function sameIds(t: ExecutionContext, folder: string): Promise<void> {
  const checkpoint = await opened(t, folder);
  const { maxTokens } = checkpoint;
  const text = await loadTokenizer(checkpoint.tokenizer.path, { maxTokens });
  const bytes = await tokenizerJson(checkpoint, text);
  const json = await loadTokenizer(bytes, { maxTokens });
  const library = libraryTokenizer('tokenizer.json', JSON.parse(Buffer.from(bytes).toString()), maxTokens);
  t.is(json.vocabSize, text.vocabSize);
  for (const each of texts) {
    t.deepEqual(json.encode(each), text.encode(each), each);
    t.deepEqual([...library.encode(each).ids], [...text.encode(each).ids], each);
  }
}

test('as it comes', async (t) => {
  const { checkpoint, expected } = await fixture(t, 'bert-cls-sharded');
  t.is(checkpoint.tokenizer.kind, 'vocab.txt');
  await sameIds(t, checkpoint.folder);
  const bytes = await tokenizerJson(checkpoint, await loadTokenizer(checkpoint.tokenizer.path));
  const json = await loadTokenizer(bytes, { maxTokens: expected.maxTokens });
  for (const { text, inputIds, truncated } of expected.texts)
    t.deepEqual(json.encode(text), { ids: [...inputIds], truncated });
});

const settings: Record<string, Record<string, unknown>> = {
  'lower case': { do_lower_case: true },
  'case kept, accents stripped': { do_lower_case: false, strip_accents: true },
  'lower case, accents kept': { do_lower_case: true, strip_accents: false },
  'Chinese characters not split': { tokenize_chinese_chars: false },
};
for (const [what, change] of Object.entries(settings))
  test(what, async (t) => {
    const folder = await copyOf(t, 'bert-cls-sharded');
    await patchJson(join(folder, 'tokenizer_config.json'), change);
    await sameIds(t, folder);
  });

test('special tokens of other names', async (t) => {
  const folder = await copyOf(t, 'bert-cls-sharded');
  const path = join(folder, 'vocab.txt');
  const names = { '[UNK]': '<unk>', '[CLS]': '<s>', '[SEP]': '</s>' };
  let text = await readFile(path, 'utf8');
  for (const [usual, own] of Object.entries(names)) text = text.replace(usual, own);
  await writeFile(path, text);
  const { '[UNK]': unk_token, '[CLS]': content, '[SEP]': sep_token } = names;
  await patchJson(join(folder, 'tokenizer_config.json'), { unk_token, cls_token: { content }, sep_token });
  await sameIds(t, folder);
});

test('lines that end in CRLF, an empty one, one that stands there twice, one that is not UTF-8', async (t) => {
  const folder = await copyOf(t, 'bert-cls-sharded');
  const path = join(folder, 'vocab.txt');
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  lines[20] = lines[30];
  lines[21] = '';
  const text = Buffer.from(lines.join('\r\n'));
  const at = text.indexOf(lines[25]);
  text[at] = 0xff;
  await writeFile(path, text);
  await sameIds(t, folder);
});

test("a checkpoint's own tokenizer.json is kept, without white space and byte order mark", async (t) => {
  const folder = await copyOf(t, 'bert-mean');
  const path = join(folder, 'tokenizer.json');
  const own = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, `\ufeff${JSON.stringify(own, null, 4)}`);
  await rm(join(folder, 'vocab.txt'), { force: true });
  const checkpoint = await opened(t, folder);
  const bytes = Buffer.from(await tokenizerJson(checkpoint, await loadTokenizer(path))).toString();
  t.deepEqual(JSON.parse(bytes), own);
  t.is(bytes, JSON.stringify(own));
});
