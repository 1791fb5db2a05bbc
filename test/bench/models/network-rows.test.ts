import test from 'ava';
import { keyOf, textLengths, threadCounts } from '../../../src/bench/models/measure-networks.js';
import { type Measured, networkRows } from '../../../src/bench/models/network-rows.js';

const times = (ms: number) => ({
  medianMs: new Map(threadCounts.flatMap((threads) => textLengths.map((tokens) => [keyOf(tokens, threads), [ms, ms]]))),
  memory: [{ anonBytes: ms * 1e6, rssBytes: 2 * ms * 1e6 }],
});
const network = (megabytes: number, weights: string) => ({
  modelPath: 'model.onnx',
  weightBytes: megabytes * 1e6,
  vocabSize: 100,
  weights,
});
const made = new Map([
  ['distilbert', network(265, 'random weights')],
  ['mobilebert', network(98, 'random weights')],
  ['w0.50-p0.50-q8', network(9, "the bundle's weights")],
]);

test('the recipe in full stands beside DistilBERT and MobileBERT, with bars', (t) => {
  const measured = new Map([
    ['distilbert', times(50)],
    ['mobilebert', times(10)],
    ['w0.50-p0.50-q8', times(2)],
  ]);
  const rows = networkRows(made, measured);
  t.deepEqual(
    rows.filter(({ bar }) => bar !== null).map(({ id, ratio, bar, met }) => [id, ratio, bar, met]),
    [
      ['half-int8-vs-distilbert-time', 0.04, '<=0.06', true],
      ['half-int8-vs-distilbert-bytes', 9 / 265, '<=0.05', true],
      ['half-int8-vs-mobilebert-time', 0.2, '<=0.25', true],
    ],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  t.is(byId.size, rows.length);
  t.like(byId.get('time-mobilebert-128-t2'), { value: 10, ratio: 0.2 });
  t.like(byId.get('anon-distilbert'), { value: 50, reference: null });
  t.like(byId.get('rss-w0.50-p0.50-q8'), { value: 4, ratio: 0.04 });
  t.regex(byId.get('half-int8-vs-distilbert-time')?.what ?? '', /the bundle's weights/);
  t.regex(byId.get('half-int8-vs-distilbert-time')?.note ?? '', /DistilBERT: random weights/);
});

test('a network that failed leaves its rows unmeasured, with the reason', (t) => {
  const measured = new Map<string, Measured>([
    ['distilbert', times(50)],
    ['mobilebert', { why: 'ended with code 1' }],
    ['w0.50-p0.50-q8', times(2)],
  ]);
  const rows = networkRows(made, measured);
  const row = rows.find(({ id }) => id === 'half-int8-vs-mobilebert-time');
  t.like(row, { value: null, met: false, why: 'MobileBERT: ended with code 1' });
  t.true(rows.find(({ id }) => id === 'half-int8-vs-distilbert-time')?.met);
});
