/** The tokenizer of an export: the bundle's, with the settings that Snug applies outside its file written into it. */
import { readFile } from 'node:fs/promises';
import type { Bundle } from '../bundle/index.js';
import { loadTokenizer } from '../tokenizer/index.js';

export interface ExportedTokenizer {
  readonly json: unknown;
  readonly config: unknown;
  readonly padTokenId: number;
}

/** What special pieces are called in the families that there are. */
const roles = {
  cls_token: ['[CLS]', '<s>'],
  sep_token: ['[SEP]', '</s>'],
  mask_token: ['[MASK]', '<mask>'],
} as const;

/**
 * tokenizer.json, cutting at the model's length and lower-casing where the checkpoint says so, and the tokenizer_config.json of
 * a tokenizer that gives `input_ids` and `attention_mask`.
 * @throws TOKENIZER_INVALID
 */
export async function readTokenizer({ tokenizerPath, manifest }: Bundle): Promise<ExportedTokenizer> {
  const { maxTokens, lowerCaseFirst } = manifest.tokenizer;
  const { padTokenId, unknownId } = await loadTokenizer(tokenizerPath, { maxTokens });
  const json: Record<string, unknown> = JSON.parse(await readFile(tokenizerPath, 'utf8'));
  const pieces = piecesOf(json);
  const special = Object.entries(roles).flatMap(([role, names]) => {
    const known = names.find((name) => [...pieces.values()].includes(name));
    return known === undefined ? [] : [[role, known]];
  });
  return {
    json: {
      ...json,
      truncation: { direction: 'Right', max_length: maxTokens, strategy: 'LongestFirst', stride: 0 },
      padding: null,
      normalizer: lowerCaseFirst ? lowerCasing(json.normalizer) : json.normalizer,
    },
    config: {
      // The general class: those with a family's name give token types too, which the graph does not read.
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: maxTokens,
      model_input_names: ['input_ids', 'attention_mask'],
      padding_side: 'right',
      pad_token: pieces.get(padTokenId),
      unk_token: pieces.get(unknownId),
      ...Object.fromEntries(special),
    },
    padTokenId,
  };
}

function lowerCasing(normalizer: unknown) {
  const first = { type: 'Lowercase' };
  return normalizer ? { type: 'Sequence', normalizers: [first, normalizer] } : first;
}

/** Pieces by id: those of the vocabulary, a table or (Unigram) a list of pairs, under those that were added. */
function piecesOf({ model, added_tokens: added }: Record<string, unknown>): ReadonlyMap<number, string> {
  const pieces = new Map<number, string>();
  const vocabulary = isObject(model) ? model.vocab : undefined;
  if (Array.isArray(vocabulary)) for (const [id, [piece]] of vocabulary.entries()) pieces.set(id, String(piece));
  else if (isObject(vocabulary)) for (const [piece, id] of Object.entries(vocabulary)) pieces.set(Number(id), piece);
  if (Array.isArray(added)) for (const { id, content } of added) pieces.set(Number(id), String(content));
  return pieces;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
