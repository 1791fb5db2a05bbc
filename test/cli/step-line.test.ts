/** The steps of a long command on stderr. */
import test from 'ava';
import { StepLine } from '../../src/cli/step-line.js';

function written(isTTY: boolean, columns = 80) {
  const texts: string[] = [];
  const clock = { nowMs: 0 };
  const line = new StepLine({ isTTY, columns, write: (text: string) => texts.push(text) > 0 }, () => clock.nowMs);
  return { line, texts, clock };
}

test('a file or a pipe gets a line a step', (t) => {
  const { line, texts } = written(false);
  for (const [step, done] of [
    ['embedding', 1],
    ['embedding', 2],
    ['fitting', 0],
  ] as const)
    line.update(step, done, 10);
  line.clear();
  t.deepEqual(texts, ['embedding\n', 'fitting\n']);
});

test('a terminal gets a bar that is drawn over, ten times a second at most, and goes', (t) => {
  const { line, texts, clock } = written(true);
  line.update('embedding', 0, 200);
  clock.nowMs = 50;
  line.update('embedding', 10, 200); // too soon
  clock.nowMs = 2000;
  line.update('embedding', 50, 200);
  line.update('fitting', 0, 0, 'C = 1');
  t.is(texts.length, 3);
  t.true(texts.every((text) => text.startsWith('\r\u001b[K')));
  t.regex(texts[1], /embedding {2}\[={6} {18}\] {2}50 of 200 {2}6 s left/);
  t.regex(texts[2], /fitting {2}C = 1$/);
  line.clear();
  line.clear();
  t.deepEqual(texts.slice(3), ['\r\u001b[K']);
});

test('a narrow terminal: the line never wraps', (t) => {
  const { line, texts } = written(true, 30);
  line.update('a step with a long name', 5, 10, 'and a long detail beside it');
  t.is(texts[0].replace('\r\u001b[K', '').length, 29);
});
