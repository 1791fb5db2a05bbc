/** What every file keeps to. */
import test from 'ava';
import { filesBelow, textOf } from './tree.js';

const MOST_LINES = 400;

const ours = ['agent', 'src', 'scripts', 'test', 'docs', '.ci'].flatMap(filesBelow);
const code = ours.filter((path) => /\.(ts|mjs)$/.test(path));
const tests = code.filter((path) => path.endsWith('.test.ts'));
const prose = [
  ...ours.filter((path) => path.endsWith('.md')),
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'NOTICE',
];
const written = [...code, ...prose, '.ci/run', 'package.json', 'package-lock.json'];

const matching = (paths: readonly string[], pattern: RegExp) => paths.filter((path) => pattern.test(textOf(path)));

test('no file of code is longer than 400 lines', (t) => {
  t.true(code.length > 100);
  const long = code.filter((path) => textOf(path).split('\n').length > MOST_LINES + 1);
  t.deepEqual(long, []);
});

test('no room is called what everything is', (t) => {
  t.deepEqual(
    ours.filter((path) => /(^|\/)(utils?|helpers?|managers?|misc|common)(\/|\.ts$)/.test(path)),
    [],
  );
});

test('no path of somebody’s machine stands in the tree', (t) => {
  const machine = new RegExp(['/work/', '/root/', '/Users/', 'C:\\\\\\\\'].join('|'));
  t.deepEqual(
    matching(
      written.filter((path) => !path.endsWith('files.test.ts')),
      machine,
    ),
    [],
  );
});

test('the lock file says nothing of where packages were fetched from', (t) => {
  t.deepEqual(matching(['package-lock.json'], /"resolved"/), []);
});

test('no test is left out, and none alone', (t) => {
  t.true(tests.length > 30);
  t.deepEqual(matching(tests, /\btest(\.\w+)*\.(skip|only|todo|failing)\b/), []);
});

test('nothing is put off or silenced', (t) => {
  const marks = new RegExp(['TO', 'DO\\b|FIX', 'ME\\b|@ts-', '(ignore|expect-error|nocheck)'].join(''));
  t.deepEqual(matching(code, marks), []);
});

test('a file of code that is run or read by others says first what it is', (t) => {
  const silent = ours
    .filter((path) => /^(src|agent)\/.*\/index\.ts$/.test(path))
    .filter((path) => !/^(#!.*\n)?\/\*\*|^\/\//.test(textOf(path)));
  t.deepEqual(silent, []);
});
