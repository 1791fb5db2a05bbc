import test from 'ava';
import { readRows, readTexts } from '../../src/data/index.js';
import { SnugError } from '../../src/errors/index.js';
import { fileWith } from './support.js';

const rows = [
  { text: 'turn on the light', label: 'light', line: 1 },
  { text: 'how warm is it, "inside"?', label: 'temperature', line: 2 },
];

test('the three formats are told apart by content, whatever the file is called', async (t) => {
  const tsv = rows.map(({ text, label }) => `${text}\t${label}\n`).join('');
  const csv = `text,label\n${rows.map(({ text, label }) => `"${text.replaceAll('"', '""')}",${label}\n`).join('')}`;
  const jsonl = rows.map(({ text, label }) => `${JSON.stringify({ label, text, id: 7 })}\n`).join('');
  t.deepEqual(await readRows(await fileWith(t, tsv, 'rows.csv')), rows);
  t.deepEqual(await readRows(await fileWith(t, jsonl, 'rows.tsv')), rows);
  t.deepEqual(
    await readRows(await fileWith(t, csv, 'rows.jsonl')),
    rows.map((row) => ({ ...row, line: row.line + 1 })),
  );
});

test('byte order mark, CRLF, blank lines and a last line without newline change nothing but line numbers', async (t) => {
  const [a, b] = ['{"text":"a","label":"x"}', '{"text":"b","label":"y"}'];
  for (const [first, second] of [
    ['a\tx', 'b\ty'],
    [a, b],
  ]) {
    const file = await fileWith(t, `\ufeff\r\n${first}\r\n\r\n  \r\n${second}`);
    t.deepEqual(await readRows(file), [
      { text: 'a', label: 'x', line: 2 },
      { text: 'b', label: 'y', line: 5 },
    ]);
  }
  const csv = await fileWith(t, '\ufefftext,label\r\na,x\r\n\r\nb,y');
  t.deepEqual(await readRows(csv), [
    { text: 'a', label: 'x', line: 2 },
    { text: 'b', label: 'y', line: 4 },
  ]);
});

test('CSV: columns by name in any order, quotes, commas and line breaks in a text', async (t) => {
  const file = await fileWith(t, 'id, Label ,TEXT\n1,x,"a, ""b""\nc\n"\n\n2, y ,d\n,,\n3,"z",é 😀\n');
  t.deepEqual(await readRows(file), [
    { text: 'a, "b"\nc\n', label: 'x', line: 2 },
    { text: 'd', label: 'y', line: 6 },
    { text: 'é 😀', label: 'z', line: 8 },
  ]);
});

test('a TSV may begin with the header text TAB label, and its text may look like JSON, CSV or quotes', async (t) => {
  const file = await fileWith(t, 'text\tlabel\n{a}\tx\n"b, c\t y \n');
  t.deepEqual(await readRows(file), [
    { text: '{a}', label: 'x', line: 2 },
    { text: '"b, c', label: 'y', line: 3 },
  ]);
  t.deepEqual(await readRows(await fileWith(t, '{a}\tx\n')), [{ text: '{a}', label: 'x', line: 1 }]);
  t.deepEqual(await readRows(await fileWith(t, 'text,label\tx\n')), [{ text: 'text,label', label: 'x', line: 1 }]);
});

test('numbers are labels too, and a text keeps NUL, emoji, right-to-left and line separators', async (t) => {
  const text = ' a\u0000b 😀 مرحبا \u2028 ';
  const file = await fileWith(t, `${JSON.stringify({ text, label: 4 })}\n{"text":"b","label":-1.5}\n`);
  t.deepEqual(await readRows(file), [
    { text, label: '4', line: 1 },
    { text: 'b', label: '-1.5', line: 2 },
  ]);
  t.deepEqual(await readRows(await fileWith(t, `${text}\t0\n`)), [{ text, label: '0', line: 1 }]);
});

const refused: Record<string, [content: string | Uint8Array, code: string, place: string, message: RegExp]> = {
  'an empty file': ['', 'DATA_EMPTY', '', /is empty/],
  'nothing but blank lines': ['\n \r\n\n', 'DATA_EMPTY', '', /is empty/],
  'a header alone': ['text,label\n', 'DATA_EMPTY', '', /no rows/],
  'no label column': ['hello\nworld\n', 'DATA_NO_LABELS', ':1', /neither a TAB nor a header/],
  'a CSV header without label': ['id,text\n1,a\n', 'DATA_NO_LABELS', ':1', /columns id, text/],
  'a CSV without header': ['hello,x\nworld,y\n', 'DATA_NO_LABELS', ':1', /no label column/],
  'a TSV row without label': ['a\tx\nb\ny\tz\n', 'DATA_ROW', ':2', /without a label/],
  'a first TSV row without label': ['a\nb\ty\n', 'DATA_ROW', ':1', /without a label/],
  'a TSV row with an empty label': ['a\tx\nb\t \n', 'DATA_ROW', ':2', /without a label/],
  'a TSV row with an empty text': ['a\tx\n \ty\n', 'DATA_ROW', ':2', /without a text/],
  'a TSV row of three columns': ['a\tx\n\nb\ty\tz\n', 'DATA_ROW', ':3', /3 columns/],
  'a CSV row of another length': ['text,label\n"a\n",x\nb\n', 'DATA_ROW', ':4', /1 columns, the header has 2/],
  'a CSV row without label': ['text,label\r\n"a\r\n",x\r\n\r\nb,\r\n', 'DATA_ROW', ':5', /without a label/],
  'a CSV quote that is never closed': ['text,label\na,x\n\n"b,y\nc,z\n', 'DATA_ROW', ':4', /quote/i],
  'a CSV quote closed early': ['text,label\na,x\n"b"c,y\n', 'DATA_ROW', ':3', /quote/i],
  'JSON broken at a line': ['{"text":"a","label":"x"}\n{"text":"b","la\n', 'DATA_ROW', ':2', /broken JSON/],
  'JSON broken at the first line': ['{"text":"a","label":\n', 'DATA_ROW', ':1', /broken JSON/],
  'a line of JSON that is no object': ['{"text":"a","label":"x"}\n[1]\n', 'DATA_ROW', ':2', /not a JSON object/],
  'a row of JSON without label': ['{"text":"a","label":"x"}\n{"text":"b"}\n', 'DATA_ROW', ':2', /without a label/],
  'a label that is null': ['{"text":"a","label":null}\n', 'DATA_ROW', ':1', /'label' is null/],
  'a label that is a list': ['{"text":"a","label":["x"]}\n', 'DATA_ROW', ':1', /'label' is a list/],
  'a text that is a number': ['{"text":5,"label":"x"}\n', 'DATA_ROW', ':1', /'text' is a number/],
  'a text that is missing': ['{"sentence":"a","label":"x"}\n', 'DATA_ROW', ':1', /'text' is missing/],
  'Latin-1': [Buffer.from('a\tx\nb\xe4r\ty\n', 'latin1'), 'DATA_ENCODING', ':2', /not UTF-8/],
  'UTF-16': [Buffer.from('\ufeffa\tx\n', 'utf16le'), 'DATA_ENCODING', ':1', /not UTF-8/],
  'a character cut off at the end': [
    Buffer.from([0x61, 0x09, 0x78, 0x0a, 0xf0, 0x9f]),
    'DATA_ENCODING',
    ':2',
    /not UTF-8/,
  ],
};
for (const [name, [content, code, place, message]] of Object.entries(refused))
  test(`refused with file and line: ${name}`, async (t) => {
    const file = await fileWith(t, content);
    const error = await t.throwsAsync(readRows(file), { instanceOf: SnugError, code });
    t.true(error.message.startsWith(`${file}${place}`), error.message);
    t.regex(error.message, message);
  });

test('a file that is not there, and a folder, are named', async (t) => {
  const file = await fileWith(t, '');
  await t.throwsAsync(readRows(`${file}.no`), {
    code: 'DATA_NOT_READABLE',
    message: /rows\.data\.no could not be read/,
  });
  await t.throwsAsync(readTexts(`${file}.no`), { code: 'DATA_NOT_READABLE' });
});

test('texts are read from a line each, and from every format with or without labels', async (t) => {
  const expected = [
    { text: 'a, b', line: 1 },
    { text: 'c', line: 3 },
  ];
  for (const content of ['a, b\n\nc\n', 'a, b\tx\r\n\r\nc\ty', '{"text":"a, b"}\n\n{"text":"c","label":"x"}\n'])
    t.deepEqual(await readTexts(await fileWith(t, content)), expected, content);
  t.deepEqual(await readTexts(await fileWith(t, 'text\n"a, b"\n\nc\n')), [
    { text: 'a, b', line: 2 },
    { text: 'c', line: 4 },
  ]);
  t.deepEqual(await readTexts(await fileWith(t, 'id,text\n1,a\n')), [{ text: 'a', line: 2 }]);
});

test('log lines with tabs, braces, quotes and commas are plain texts', async (t) => {
  for (const lines of [
    ['{"level":"info"}', '{"text":"late"}'],
    ['a\tb', 'c'],
    ['the text, "quoted', 'b'],
    ['{not json', 'b'],
  ])
    t.deepEqual(
      await readTexts(await fileWith(t, lines.join('\n'))),
      lines.map((text, i) => ({ text, line: i + 1 })),
    );
});

test('files without texts are refused, and a broken line of JSON is named', async (t) => {
  await t.throwsAsync(readTexts(await fileWith(t, '\n')), { code: 'DATA_EMPTY' });
  await t.throwsAsync(readTexts(await fileWith(t, 'text\n')), { code: 'DATA_EMPTY' });
  await t.throwsAsync(readTexts(await fileWith(t, '{"text":"a"}\nb\n')), {
    code: 'DATA_ROW',
    message: /:2: broken JSON/,
  });
  await t.throwsAsync(readTexts(await fileWith(t, Buffer.from([0x61, 0x0a, 0xff]))), {
    code: 'DATA_ENCODING',
    message: /:2: /,
  });
});
