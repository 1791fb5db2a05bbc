/** The two tasks that steps are compared on, in scope only: rows to fit on, to choose on, and to judge on. */
import { type LabelledText, noneLabel, readClinc150, readSst2 } from '../texts.js';

export interface Task {
  /** Begins the rows' ids. */
  readonly id: string;
  /** For people: the rows that are judged. */
  readonly what: string;
  readonly labels: readonly string[];
  readonly train: LabelledTexts;
  /** Where the head's regularisation is chosen. */
  readonly held: LabelledTexts;
  readonly test: LabelledTexts;
}

export interface LabelledTexts {
  readonly texts: readonly string[];
  /** The label's number of every text. */
  readonly classes: readonly number[];
}

/** CLINC150's three splits without the out-of-scope rows. @throws BENCH_DATA */
export function clinc150(dataFolder: string): Task {
  const { train, eval: held, test } = readClinc150(dataFolder);
  return taskOf('clinc150', "CLINC150's test rows in scope, refusal off", { train, held, test });
}

/** SST-2's sentences; every tenth training row is held back. @throws BENCH_DATA */
export function sst2(dataFolder: string): Task {
  const { train, dev } = readSst2(dataFolder);
  return taskOf('sst2', "SST-2's development rows", {
    train: train.filter((_, row) => row % 10 !== 0),
    held: train.filter((_, row) => row % 10 === 0),
    test: dev,
  });
}

function taskOf(id: string, what: string, rows: Record<'train' | 'held' | 'test', readonly LabelledText[]>): Task {
  const isKnown = ([, label]: LabelledText) => label !== noneLabel;
  const labels = [...new Set(rows.train.filter(isKnown).map(([, label]) => label))].sort();
  const numbers = new Map(labels.map((label, number) => [label, number]));
  const labelled = (all: readonly LabelledText[]): LabelledTexts => {
    const known = all.filter(isKnown);
    return { texts: known.map(([text]) => text), classes: known.map(([, label]) => numbers.get(label) ?? -1) };
  };
  return { id, what, labels, train: labelled(rows.train), held: labelled(rows.held), test: labelled(rows.test) };
}
