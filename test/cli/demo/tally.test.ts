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

test('the line fits its terminal: figures of little weight give way, then the text; the label stays whole', (t) => {
  const text = 'how would you say fly in italian';
  const tally = new Tally([{ text, label: 'translate' }], () => 0);
  tally.add(Array.from({ length: 27 }, () => answer(1, 'translate')));
  const memory = { rssBytes: 150e6, rssAnonBytes: 61e6 };
  const shown = (columns: number) => {
    const line = figuresLine(tally.figures(), columns, memory);
    t.true(line.length <= columns, `${columns}: ${line}`);
    t.true(line.endsWith('→ translate'), `${columns}: ${line}`);
    return line;
  };
  t.true(shown(160).includes(`RSS 150 MB (61 anonymous)  right 100.0 % of 27  "${text}" → translate`));
  t.true(shown(100).includes('p99 2.0 ms  RSS 150 MB  right 100.0 % of 27  "how would you '));
  t.true(shown(91).includes('p99 2.0 ms  RSS 150 MB  right 100.0 %  "how would you '));
  for (const columns of [80, 79])
    t.true(shown(columns).includes('p50 2.0 ms  RSS 150 MB  right 100.0 %  "how would you s'));
  t.true(shown(60).endsWith('RSS 150 MB  right 100.0 %  → translate'));
  t.is(shown(35), '0.0/s  right 100.0 %  → translate');
  t.is(shown(20), '→ translate');
});

test('a long label that is wrong stays whole at 80 columns, and some of the text beside it', (t) => {
  const tally = new Tally([{ text: 'can i get a table for four at the diner', label: 'weather' }], () => 0);
  tally.add([answer(1, 'restaurant_reservation')]);
  const line = figuresLine(tally.figures(), 79, { rssBytes: 150e6, rssAnonBytes: 61e6 });
  t.true(line.length <= 79 && /"can .*…" → restaurant_reservation ✗$/.test(line), line);
});
