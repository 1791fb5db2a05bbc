/** Small data files that a head can be fitted on, in words that the tiny checkpoints know. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from '../checkpoint/support.js';

const things = ['lamp', 'room', 'light', 'temp'];
const phrases: Record<string, (thing: string) => string[]> = {
  turn_on: (thing) => [`turn on the ${thing}`, `please turn the ${thing} on`, `${thing} on please`],
  turn_off: (thing) => [`turn off the ${thing}`, `please turn the ${thing} off`, `off with my ${thing}`],
  question: (thing) => [`what is the ${thing}?`, `is it the ${thing} of my room?`, `what is high in the ${thing}?`],
};
const strangers = ['zebra 42', "y's 9 8 7", '!!! ??', 'q w e r t', '0 0 0 1', 'x; x; x', 'qq 17', "z'z'z 3"];

/** Rows [text, label], the label `oos` for texts that belong to none. */
export function rowsOf(names: readonly string[]): [text: string, label: string][] {
  const known = Object.entries(phrases).flatMap(([label, make]) =>
    names.flatMap((name) => make(name).map((text): [string, string] => [text, label])),
  );
  return [...known, ...strangers.map((text): [string, string] => [text, 'oos'])];
}

export const trainRows = rowsOf(things);
export const evalRows = rowsOf(['degree', 'my lamp', 'low room']);

export const asTsv = (rows: readonly (readonly [string, string])[]) =>
  rows.map((row) => `${row.join('\t')}\n`).join('');

/** Training and eval files in a folder of the test's own. */
export async function dataFiles(t: ExecutionContext): Promise<{ folder: string; data: string; evaluation: string }> {
  const folder = await temporaryFolder(t);
  const [data, evaluation] = [join(folder, 'train.tsv'), join(folder, 'eval.tsv')];
  await writeFile(data, asTsv(trainRows));
  await writeFile(evaluation, asTsv(evalRows));
  return { folder, data, evaluation };
}
