/** A checkpoint with fewer pieces: tokenizer and embedding table made smaller together. */
import type { Checkpoint, TensorSource } from '../checkpoint/index.js';
import { SnugError } from '../errors/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { neededIds, reduceTokenizer } from '../tokenizer/reduce.js';
import { WordPieceTokenizer } from '../tokenizer/word-piece.js';

const TABLE = 'embeddings.word_embeddings.weight';

/** @throws USAGE where the tokenizer is of another scheme, or the size is too small to spell any text */
export function reduceVocabulary(checkpoint: Checkpoint, tokenizer: Tokenizer, texts: readonly string[], size: number) {
  if (!(tokenizer instanceof WordPieceTokenizer))
    throw new SnugError('USAGE', `${checkpoint.tokenizer.path}: --vocab takes WordPiece vocabularies only`, {
      remedy: 'Leave --vocab out.',
    });
  const needed = neededIds(tokenizer.scheme).length;
  if (size < needed)
    throw new SnugError('USAGE', `--vocab ${size}: ${needed} pieces are needed to spell any text`, {
      remedy: `Give ${needed} or more.`,
    });
  const reduced = reduceTokenizer(tokenizer, texts, size);
  const { keptIds, used } = reduced;
  const onlyKept = (source: TensorSource) => withRows(source, keptIds);
  return {
    tokenizer: reduced.tokenizer,
    used,
    checkpoint: {
      ...checkpoint,
      config: { ...checkpoint.config, vocabSize: keptIds.length },
      tensors: onlyKept(checkpoint.tensors),
    },
    /** The same cut through weights that were trained with all pieces. */
    onlyKept,
  };
}

/** The same tensors with some rows of the embedding table only. */
function withRows(source: TensorSource, rows: readonly number[]): TensorSource {
  const readRows = async (name: string, from: number, to: number) => {
    if (name !== TABLE) return source.readRows(name, from, to);
    const size = source.shape(TABLE)[1];
    const result = new Float32Array((to - from) * size);
    for (let at = from; at < to; ) {
      // Runs of neighbours are read together.
      let end = at + 1;
      while (end < to && rows[end] === rows[end - 1] + 1) end++;
      result.set(await source.readRows(TABLE, rows[at], rows[end - 1] + 1), (at - from) * size);
      at = end;
    }
    return result;
  };
  return {
    names: source.names,
    has: (name) => source.has(name),
    shape: (name) => (name === TABLE ? [rows.length, source.shape(TABLE)[1]] : source.shape(name)),
    read: (name) => (name === TABLE ? readRows(TABLE, 0, rows.length) : source.read(name)),
    readRows,
  };
}
