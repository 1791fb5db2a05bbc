import test from 'ava';
import { checkTrainingRows, describeDataFile, type Row, readRows } from '../../src/data/index.js';
import { fileWith } from './support.js';

const rowsOf = (...labels: string[]): Row[] => labels.map((label, i) => ({ text: `text ${i}`, label, line: i + 1 }));
const check = (train: readonly Row[], evaluation: readonly Row[], none?: string) =>
  checkTrainingRows(train, 'train.tsv', evaluation, 'eval.tsv', none);

test('the labels to tell apart come sorted, without the one that stands for none', (t) => {
  t.deepEqual(check(rowsOf('b', 'a', 'oos', 'b', 'C'), rowsOf('a', 'oos'), 'oos'), ['C', 'a', 'b']);
  t.deepEqual(check(rowsOf('b', 'a'), rowsOf('a')), ['a', 'b']);
});

test('the label for none may be in the training rows or in the evaluation rows alone', (t) => {
  t.deepEqual(check(rowsOf('a', 'b'), rowsOf('a', 'oos'), 'oos'), ['a', 'b']);
  t.deepEqual(check(rowsOf('a', 'b', 'oos'), rowsOf('a'), 'oos'), ['a', 'b']);
});

test('rows that no head can be fitted on are refused, naming file and line', (t) => {
  const refused = (train: Row[], evaluation: Row[], none: string | undefined, code: string, message: RegExp) =>
    t.throws(() => check(train, evaluation, none), { code, message });
  refused(rowsOf('a', 'a'), rowsOf('a'), undefined, 'DATA_ONE_CLASS', /^train\.tsv: .*'a'/);
  refused(rowsOf('a', 'oos', 'a'), rowsOf('a'), 'oos', 'DATA_ONE_CLASS', /^train\.tsv: /);
  refused(rowsOf('oos', 'oos'), rowsOf('a'), 'oos', 'DATA_NO_IN_SCOPE', /^train\.tsv: all 2 rows/);
  refused(rowsOf('a', 'b'), rowsOf('oos'), 'oos', 'DATA_NO_IN_SCOPE', /^eval\.tsv: /);
  refused(
    rowsOf('a', 'b'),
    rowsOf('a', 'c', 'd'),
    undefined,
    'DATA_LABEL_ONLY_IN_EVAL',
    /^eval\.tsv:2: .*'c'.*train\.tsv/,
  );
  refused(rowsOf('a', 'b'), rowsOf('a'), 'oos', 'DATA_NONE_LABEL_ABSENT', /train\.tsv or eval\.tsv.*'oos'/);
});

test('a file is described by its name, size, rows and hash', async (t) => {
  const file = await fileWith(t, 'a\tx\nb\ty\n', 'train.tsv');
  t.deepEqual(await describeDataFile(file, await readRows(file)), {
    file: 'train.tsv',
    bytes: 8,
    rows: 2,
    sha256: 'e8d47f137cab36ac7ca41fba1e478d5abc35cd74978ff8835a995b884b54502d',
  });
});
