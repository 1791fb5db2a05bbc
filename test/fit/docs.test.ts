/** docs/fit.md says what the code decides by. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { constants } from '../../src/fit/index.js';

test('the table of figures is the declaration', (t) => {
  const page = readFileSync('docs/fit.md', 'utf8');
  const rows = Object.entries(constants).map(
    ([name, { value, unit, about }]) => `| \`${name}\` | ${value} | ${unit} | ${about} |`,
  );
  const told = page.split('\n').filter((line) => /^\| `/.test(line));
  t.deepEqual(told, rows);
});
