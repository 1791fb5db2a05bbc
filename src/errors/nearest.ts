/** "Did you mean …?": the valid word that a mistyped one is closest to. */

/** Units that key names end with: `interval` is most likely meant to be `intervalMs`. */
const UNIT_SUFFIX = /(Ms|S|Bytes|Share)$/;

/** The candidate with the fewest edits from `word`, or undefined where none is close enough to be what was meant. */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const withUnit = candidates.find((each) => each.replace(UNIT_SUFFIX, '').toLowerCase() === word.toLowerCase());
  if (withUnit !== undefined) return withUnit;
  let best: { candidate: string; edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { candidate, edits };
  }
  return best !== undefined && best.edits <= Math.max(1, Math.floor(best.candidate.length / 2))
    ? best.candidate
    : undefined;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
