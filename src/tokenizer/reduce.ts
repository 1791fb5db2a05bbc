/** A smaller vocabulary that still spells whatever the whole one spells. */
import { VocabularyBuilder } from './vocabulary.js';
import { type WordPieceScheme, WordPieceTokenizer } from './word-piece.js';

export interface ReducedTokenizer {
  readonly tokenizer: WordPieceTokenizer;
  /** For each new id the old one: those that texts have, ascending, then the others, ascending. */
  readonly keptIds: readonly number[];
  /** How many of them the texts have, special pieces counted among them; all where there are no texts. */
  readonly used: number;
}

const specialIds = (scheme: WordPieceScheme): ReadonlySet<number> =>
  new Set([
    ...scheme.addedTokens.map(({ id }) => id),
    ...scheme.before,
    ...scheme.after,
    scheme.unknownId,
    scheme.padTokenId,
  ]);

/** What has to stay however small the vocabulary: special pieces, single characters, and pieces that alone spell a character. */
export function neededIds({ vocabulary, ...scheme }: WordPieceScheme): number[] {
  const special = specialIds({ vocabulary, ...scheme });
  const prefix = scheme.continuingPrefix;
  const spelled = (piece: string) => {
    const inside = piece.startsWith(prefix) && piece.length > prefix.length;
    const characters = [...(inside ? piece.slice(prefix.length) : piece)];
    return (
      characters.length > 1 &&
      characters.every((character, at) => vocabulary.idOf(inside || at > 0 ? prefix + character : character) >= 0)
    );
  };
  const ids = Array.from({ length: Math.max(vocabulary.idLimit, ...[...special].map((id) => id + 1)) }, (_, id) => id);
  return ids.filter((id) => special.has(id) || (vocabulary.pieceOf(id) !== '' && !spelled(vocabulary.pieceOf(id))));
}

/**
 * Keeps `size` pieces: those needed, then those that the texts use, the most used first, then the rest in the vocabulary's own
 * order, which in BERT's is by how common they are.
 */
export function reduceTokenizer(whole: WordPieceTokenizer, texts: readonly string[], size: number): ReducedTokenizer {
  const { scheme } = whole;
  const { vocabulary } = scheme;
  const counts = new Uint32Array(whole.vocabSize);
  for (const text of texts) for (const id of whole.encode(text).ids) counts[id]++;
  const kept = new Set(neededIds(scheme));
  const isReachable = (id: number) => {
    const piece = vocabulary.pieceOf(id);
    // Punctuation is split off before words are spelled: `[unused7]` is no piece that a text can have.
    const body = piece.startsWith(scheme.continuingPrefix) ? piece.slice(scheme.continuingPrefix.length) : piece;
    return vocabulary.idOf(piece) === id && !/\p{P}/u.test(body);
  };
  const others = Array.from({ length: vocabulary.idLimit }, (_, id) => id).filter(
    (id) => !kept.has(id) && isReachable(id),
  );
  for (const id of others.sort((a, b) => counts[b] - counts[a] || a - b)) if (kept.size < size) kept.add(id);
  const special = specialIds(scheme);
  const isUsed = (id: number) => texts.length === 0 || counts[id] > 0 || special.has(id);
  const keptIds = [...kept].sort((a, b) => Number(isUsed(b)) - Number(isUsed(a)) || a - b);
  const used = keptIds.filter(isUsed).length;
  return { tokenizer: new WordPieceTokenizer(renumbered(scheme, keptIds), whole.maxTokens), keptIds, used };
}

function renumbered(scheme: WordPieceScheme, keptIds: readonly number[]): WordPieceScheme {
  const { vocabulary } = scheme;
  const builder = new VocabularyBuilder(keptIds.length * 8);
  for (const [id, old] of keptIds.entries()) {
    const bytes = Buffer.from(vocabulary.pieceOf(old), 'utf8');
    if (bytes.length > 0) builder.add(id, bytes, 0, bytes.length);
  }
  const numbers = new Map(keptIds.map((old, id) => [old, id]));
  const now = (old: number) => numbers.get(old) ?? -1;
  return {
    ...scheme,
    vocabulary: builder.build(),
    addedTokens: scheme.addedTokens.map((token) => ({ ...token, id: now(token.id) })),
    unknownId: now(scheme.unknownId),
    padTokenId: now(scheme.padTokenId),
    before: scheme.before.map(now),
    after: scheme.after.map(now),
  };
}
