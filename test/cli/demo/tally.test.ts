import test from 'ava';
import { figuresLine } from '../../../src/cli/demo/figures-line.js';
import { Tally } from '../../../src/cli/demo/tally.js';

const sentences = [
  { text: 'what is my balance', label: 'balance' },
  { text: 'will it rain', label: 'weather' },
];
const answer = (seq: number, label: string, latencyMs = 2) => ({
  seq,
  label,
  latencyMs,
  ts: '2026-01-01T00:00:00.000Z',
  score: 0.9,
  profile: 'w1.00-p0.00-q8',
});

test('an answer is held against the sentence that its number names, also when the stream has begun again', (t) => {
  const tally = new Tally(sentences, () => 0);
  tally.add([answer(1, 'balance'), answer(2, 'balance'), answer(3, 'balance'), answer(4, 'weather')]);
  const { answered, right, last } = tally.figures();
  t.is(answered, 4);
  t.is(right, 3);
  t.deepEqual(last, { text: 'will it rain', label: 'weather', right: true });
});

test('the rate is that of the last five seconds', (t) => {
  let nowMs = 0;
  const tally = new Tally(sentences, () => nowMs);
  for (; nowMs <= 10_000; nowMs += 100) tally.add([answer(1, 'balance')]);
  nowMs -= 100;
  t.true(Math.abs(tally.figures().perSecond - 10) < 0.2, `${tally.figures().perSecond}`);
  nowMs += 6000;
  t.is(tally.figures().perSecond, 0, 'and nothing came since');
});

test('latencies are those of every answer', (t) => {
  const tally = new Tally(sentences, () => 0);
  tally.add(Array.from({ length: 99 }, (_, i) => answer(i + 1, 'balance', 2)));
  tally.add([answer(100, 'weather', 80)]);
  const { p50Ms, p99Ms } = tally.figures();
  t.true(Math.abs(p50Ms - 2) < 0.05 && Math.abs(p99Ms - 2) < 0.05, `${p50Ms} ${p99Ms}`);
});

test('the line fits its terminal: the text gives way, the answer stays', (t) => {
  const tally = new Tally(sentences, () => 0);
  tally.add([answer(1, 'weather')]);
  const memory = { rssBytes: 150e6, rssAnonBytes: 60e6 };
  const wide = figuresLine(tally.figures(), 160, memory);
  t.true(wide.includes('RSS 150 MB (60 anonymous)  right 0.0 % of 1  "what is my balance" → weather ✗'), wide);
  const narrow = figuresLine(tally.figures(), 100, memory);
  t.true(narrow.length <= 100 && narrow.endsWith('…" → weather ✗'), narrow);
  t.true(figuresLine(tally.figures(), 80, memory).endsWith('% of 1  → weather ✗'));
});
