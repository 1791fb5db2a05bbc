/** Patterns that people write can't hang the agent. */
import test from 'ava';
import { compilePattern, patternProblem } from '../../../agent/text/pattern.js';

test('finds, with named groups; ^ and $ are those of a line', (t) => {
  const match = compilePattern('^(?P<a>\\w+)=(?<b>\\d+)?').find('first\nkey=');
  t.deepEqual(match, { start: 6, end: 10, groups: { a: 'key' } });
  t.is(compilePattern('x').find('no'), undefined);
  t.deepEqual(compilePattern('x').find('x x', 1), { start: 2, end: 3, groups: {} });
});

test('a pattern that takes others ages costs what its length does', (t) => {
  const text = `${'a'.repeat(100_000)}!`;
  for (const evil of ['(a+)+$', '(a|aa)+$', '(a*)*b', '(.*a){20}$', '(\\w+\\s?)+$']) {
    const pattern = compilePattern(evil);
    t.notThrows(() => [pattern.test(text), pattern.find(text)]); // by backtracking none of these would ever end
  }
});

test('what can’t be a pattern is said in words', (t) => {
  t.regex(patternProblem('(') ?? '', /is no pattern: missing closing \)/);
  t.regex(patternProblem('(a)\\1') ?? '', /is no pattern: /);
  t.regex(patternProblem('a{1001}') ?? '', /is no pattern: invalid repeat/);
  t.regex(patternProblem('((a{90}){90})') ?? '', /too large|invalid repeat/);
  t.regex(patternProblem('x'.repeat(1001)) ?? '', /1001 characters/);
  t.is(patternProblem('^(\\s|Caused by: )'), undefined);
});
