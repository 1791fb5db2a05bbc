/** The tokenizer as a bundle carries it: always a tokenizer.json, without white space. */
import { readFile } from 'node:fs/promises';
import type { Checkpoint } from '../checkpoint/index.js';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/** Reads tokenizer.json, or makes one that says the same as vocab.txt and its settings. */
export async function tokenizerJson({ tokenizer }: Checkpoint): Promise<Uint8Array> {
  const text = await readFile(tokenizer.path, 'utf8');
  if (tokenizer.kind === 'tokenizer.json') return Buffer.from(JSON.stringify(JSON.parse(text)));
  const pieces = text.split(/\r?\n/);
  if (pieces.at(-1) === '') pieces.pop();
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const special = SPECIAL.filter((piece) => piece in vocab);
  const { lowerCase, stripAccents, splitChineseCharacters } = tokenizer.wordPiece;
  const template = (id: string, typeId: number) => ({ SpecialToken: { id, type_id: typeId } });
  const sequence = (id: string, typeId: number) => ({ Sequence: { id, type_id: typeId } });
  return Buffer.from(
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: special.map((content) => ({
        id: vocab[content],
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: splitChineseCharacters,
        strip_accents: stripAccents ?? null,
        lowercase: lowerCase,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [template('[CLS]', 0), sequence('A', 0), template('[SEP]', 0)],
        pair: [template('[CLS]', 0), sequence('A', 0), template('[SEP]', 0), sequence('B', 1), template('[SEP]', 1)],
        special_tokens: Object.fromEntries(
          ['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }]),
        ),
      },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab,
      },
    }),
  );
}
