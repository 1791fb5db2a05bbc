/** How good a set of answers is. */
import { argmax, type Decision, decide } from '../infer/index.js';

/** One row judged: what it is, the best label with refusal off, and whether the model refused. */
export interface Outcome {
  /** The row's label, or undefined where it belongs to no label. */
  readonly truth: string | undefined;
  readonly top: string;
  readonly refused: boolean;
}

export interface Metrics {
  readonly rows: number;
  /** Over all rows, a refusal being the answer "none". */
  readonly accuracy: number;
  /** Mean over labels of the F1 score, "none" counting as a label where there are such rows. */
  readonly macroF1: number;
  /** Over in-scope rows, refusal off and on; null where there are none. */
  readonly inScopeTop1: number | null;
  readonly inScopeAccuracy: number | null;
  /** Share of the out-of-scope rows that were refused; null where there are none. */
  readonly outOfScopeRecall: number | null;
}

/** Judges the answer to a labelled row; the refusal's label is that of rows that belong to no label. */
export function outcomeOf(
  { logits, similarity }: { readonly logits: Float32Array; readonly similarity: number | undefined },
  label: string,
  how: Decision,
): Outcome {
  return {
    truth: label === how.noneLabel ? undefined : label,
    top: how.labels[argmax(logits)],
    refused: decide(logits, similarity, how).refused ?? false,
  };
}

export function measure(outcomes: readonly Outcome[]): Metrics {
  const inScope = outcomes.filter(({ truth }) => truth !== undefined);
  const outOfScope = outcomes.filter(({ truth }) => truth === undefined);
  const right = ({ truth, top, refused }: Outcome) => (refused ? truth === undefined : top === truth);
  const share = (rows: readonly Outcome[], holds: (row: Outcome) => boolean) =>
    rows.length === 0 ? null : rows.filter(holds).length / rows.length;
  return {
    rows: outcomes.length,
    accuracy: share(outcomes, right) ?? 0,
    macroF1: macroF1(outcomes),
    inScopeTop1: share(inScope, ({ truth, top }) => top === truth),
    inScopeAccuracy: share(inScope, right),
    outOfScopeRecall: share(outOfScope, ({ refused }) => refused),
  };
}

function macroF1(outcomes: readonly Outcome[]): number {
  const counts = new Map<string | undefined, { both: number; truth: number; answer: number }>();
  const of = (label: string | undefined) => {
    const count = counts.get(label) ?? { both: 0, truth: 0, answer: 0 };
    counts.set(label, count);
    return count;
  };
  for (const { truth, top, refused } of outcomes) {
    const answer = refused ? undefined : top;
    of(truth).truth++;
    of(answer).answer++;
    if (truth === answer) of(truth).both++;
  }
  // Labels that no row has can't be found; an answer there counts against the label it should have been.
  const scores = [...counts.values()].filter(({ truth }) => truth > 0);
  return scores.reduce((sum, { both, truth, answer }) => sum + (2 * both) / (truth + answer), 0) / (scores.length || 1);
}
