/** The tokenizer as a bundle carries it: always a tokenizer.json, without white space. */
import { readFile } from 'node:fs/promises';
import type { Checkpoint } from '../checkpoint/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { type WordPieceScheme, WordPieceTokenizer } from '../tokenizer/word-piece.js';

/**
 * The checkpoint's tokenizer.json, or one that says the same as its vocab.txt and settings.
 * @param reduced whether the tokenizer is no longer the file's
 */
export async function tokenizerJson(
  { tokenizer }: Checkpoint,
  loaded: Tokenizer,
  reduced = false,
): Promise<Uint8Array> {
  if (tokenizer.kind === 'tokenizer.json' && !reduced) {
    const text = await readFile(tokenizer.path, 'utf8');
    return Buffer.from(JSON.stringify(JSON.parse(text.replace(/^\ufeff/, ''))));
  }
  if (!(loaded instanceof WordPieceTokenizer)) throw new Error('a vocabulary was not read as WordPiece');
  return Buffer.from(JSON.stringify(describe(loaded.scheme)));
}

function describe(scheme: WordPieceScheme) {
  const pieces = piecesOf(scheme);
  const { normalizer } = scheme;
  const template = (typeId: number) => (id: number) => ({ SpecialToken: { id: pieces[id], type_id: typeId } });
  const sequence = (id: string, typeId: number) => ({ Sequence: { id, type_id: typeId } });
  const { before, after } = scheme;
  const single = [...before.map(template(0)), sequence('A', 0), ...after.map(template(0))];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: scheme.addedTokens.map(({ content, id }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: normalizer.cleanText,
      handle_chinese_chars: normalizer.handleChineseChars,
      strip_accents: normalizer.stripAccents,
      lowercase: normalizer.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), ...after.map(template(1))],
      special_tokens: Object.fromEntries(
        [...before, ...after].map((id) => [pieces[id], { id: pieces[id], ids: [id], tokens: [pieces[id]] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: scheme.continuingPrefix, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: pieces[scheme.unknownId],
      continuing_subword_prefix: scheme.continuingPrefix,
      max_input_chars_per_word: scheme.maxCharsPerWord,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  };
}

/**
 * The pieces by id. A line of vocab.txt that no text can reach (empty, not UTF-8, or there again further down) needs a name of its
 * own in a tokenizer.json; this one has a space, which no word has.
 */
function piecesOf({ vocabulary }: WordPieceScheme): string[] {
  return Array.from({ length: vocabulary.idLimit }, (_, id) => {
    const piece = vocabulary.pieceOf(id);
    return piece !== '' && vocabulary.idOf(piece) === id ? piece : `line ${id + 1}`;
  });
}
