/** Several lines that are one record. */
import test from 'ava';
import { compilePattern, Joiner } from '../../../agent/text/index.js';
import type { JoinRules } from '../../../agent/text/join.js';

function join(rules: Partial<JoinRules>, ...lines: readonly string[]) {
  const joiner = new Joiner({ maxLines: 100, limitCharacters: 1000, ...rules });
  const position = (n: number) => ({ line: n });
  const whole = lines.flatMap((text, n) => joiner.push({ text, cut: false, replaced: 0, position: position(n) }) ?? []);
  return [...whole, ...[joiner.take() ?? []].flat()];
}

const trace = ['Error: pump stuck', '    at start (pump.js:1)', '    at main.js:2', 'Caused by: no power', 'all well'];

test('a stack trace, by what its lines look like', (t) => {
  const continuation = compilePattern('^(\\s|Caused by: )');
  const records = join({ continuation }, ...trace);
  t.deepEqual(
    records.map(({ text }) => text),
    [trace.slice(0, 4).join('\n'), 'all well'],
  );
});

test('a record that begins with a time, whatever follows', (t) => {
  const start = compilePattern('^\\d\\d:\\d\\d ');
  const records = join({ start }, 'before the first', '10:00 one', 'more', '', '10:01 two');
  t.deepEqual(
    records.map(({ text }) => text),
    ['before the first', '10:00 one\nmore\n', '10:01 two'],
  );
});

test('the position is the one behind the last line', (t) => {
  const records = join({ continuation: compilePattern('^ ') }, 'a', ' b', ' c', 'd');
  t.deepEqual(
    records.map(({ position }) => position),
    [{ line: 2 }, { line: 3 }],
  );
});

test('beyond its limits a record is cut, and the next one is whole', (t) => {
  const continuation = compilePattern('^ ');
  const byLines = join({ continuation, maxLines: 2 }, 'a', ' b', ' c', ' d', 'next');
  t.deepEqual(
    byLines.map(({ text, cut }) => [text, cut]),
    [
      ['a\n b', true],
      ['next', false],
    ],
  );
  const byLength = join({ continuation, limitCharacters: 10 }, '12345', ' 7890', ' more', 'next');
  t.deepEqual(
    byLength.map(({ text, cut }) => [text, cut]),
    [
      ['12345\n 789', true],
      ['next', false],
    ],
  );
});
