/** Predictions as lines on stdout: for people, or one JSON object each (the contract's fields). */
import type { PredictedRecord } from '../../agent/record.js';

/** Characters of a text that a line for people shows. */
const SHOWN_CHARACTERS = 200;

/** One JSON object and a newline a record; `truncated`, `replaced`, `refused`, `labels`, `ids` only where they apply. */
export function jsonLines(records: readonly PredictedRecord[]): string {
  return records.map((record) => `${JSON.stringify(jsonFields(record))}\n`).join('');
}

function jsonFields({ ts, source, seq, text, prediction, latencyMs, profile, cut, replaced, ids }: PredictedRecord) {
  const { label, score, labels, refused, truncated } = prediction;
  return {
    ts,
    source,
    seq,
    text,
    label,
    score: rounded(score, 5),
    latencyMs: rounded(latencyMs, 3),
    profile,
    ...(labels && { labels: labels.map((each) => ({ label: each.label, score: rounded(each.score, 5) })) }),
    ...(refused && { refused }),
    ...((truncated || cut) && { truncated: true }),
    ...(replaced && { replaced }),
    ...(ids && { ids }),
  };
}

/** `12:00:01 stdin#3  0.97  balance  "what is my balance"`, in local time. */
export function humanLines(records: readonly PredictedRecord[]): string {
  const width = Math.max(...records.map((record) => labelOf(record).length));
  return records.map((record) => humanLine(record, width)).join('');
}

function humanLine(record: PredictedRecord, width: number): string {
  const time = new Date(record.ts).toTimeString().slice(0, 8);
  const { text, prediction } = record;
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `${time} ${record.source}#${record.seq}  ${prediction.score.toFixed(2)}  ${labelOf(record).padEnd(width)}  ${quoted(shown)}\n`;
}

function labelOf({ prediction }: PredictedRecord): string {
  return prediction.labels === undefined || prediction.labels.length < 2
    ? prediction.label
    : prediction.labels.map(({ label }) => label).join('+');
}

/** In quotes, control characters as escapes: a record must not steer the terminal. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function rounded(value: number, digits: number): number {
  const unit = 10 ** digits;
  return Math.round(value * unit) / unit;
}
