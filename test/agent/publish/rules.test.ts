/** What of a source's predictions is published. */
import test from 'ava';
import { Publisher, publishOptions } from '../../../agent/publish/index.js';
import { Rules } from '../../../agent/publish/rules.js';
import type { PredictedRecord } from '../../../agent/record.js';

const config = (some: object = {}) => publishOptions.parse(some);

const record = (seq: number, label: string, score = 0.9, more: Partial<PredictedRecord> = {}): PredictedRecord => ({
  source: 'a',
  seq,
  ts: '2026-01-01T00:00:00.000Z',
  framedAtMs: 0,
  text: `text ${seq}`,
  prediction: { label, score },
  latencyMs: 1.23456,
  profile: 'w1.00-p0.00-q8',
  ...more,
});

const decisions = (rules: Rules, records: readonly PredictedRecord[], atMs = 0) =>
  records.map((each) => rules.decide(each, atMs));

test('every prediction is published unless a rule says otherwise', (t) => {
  t.deepEqual(decisions(new Rules(config()), [record(1, 'x'), record(2, 'x')]), ['publish', 'publish']);
  t.deepEqual(decisions(new Rules(config({ predictions: 'none' })), [record(1, 'x')]), ['rules']);
});

test('on change: the first, and every one whose label differs from the one before', (t) => {
  const rules = new Rules(config({ predictions: 'change' }));
  const labels = ['x', 'x', 'y', 'y', 'x'];
  t.deepEqual(
    decisions(
      rules,
      labels.map((label, i) => record(i + 1, label)),
    ),
    ['publish', 'rules', 'publish', 'rules', 'publish'],
  );
  const afterRestart = new Rules(config({ predictions: 'change' }), rules.state);
  t.deepEqual(decisions(afterRestart, [record(6, 'x'), record(7, 'y')]), ['rules', 'publish']);
});

test('what was replaced in decoding is told where something was', (t) => {
  const publisher = new Publisher({ a: { config: config(), again: false } }, () => 0);
  const [{ predictions }] = publisher.take([record(1, 'x'), record(2, 'x', 0.9, { replaced: 2 })]);
  t.deepEqual(
    predictions.map(({ replaced }) => replaced),
    [undefined, 2],
  );
  t.false('replaced' in predictions[0]);
});

test('score and labels are asked for together', (t) => {
  const rules = new Rules(config({ minScore: 0.8, labels: ['x', 'y'], exceptLabels: ['y'] }));
  const given = [record(1, 'x', 0.8), record(2, 'x', 0.79), record(3, 'y'), record(4, 'z')];
  t.deepEqual(decisions(rules, given), ['publish', 'rules', 'rules', 'rules']);
});

test('a share for review is drawn by the record’s name: about as large as asked for, and the same again', (t) => {
  const draw = () =>
    decisions(
      new Rules(config({ predictions: 'none', reviewShare: 0.1 })),
      Array.from({ length: 5000 }, (_, i) => record(i + 1, 'x')),
    );
  const drawn = draw();
  const share = drawn.filter((each) => each === 'review').length / drawn.length;
  t.true(share > 0.08 && share < 0.12, String(share));
  t.deepEqual(draw(), drawn);
});

test('a rate limit lets through what it says, on average, and counts the rest', (t) => {
  const rules = new Rules(config({ maxPerSecond: 10 }));
  let published = 0;
  for (let ms = 0; ms < 10_000; ms += 10) if (rules.decide(record(ms + 1, 'x'), ms) === 'publish') published++;
  t.true(published >= 100 && published <= 111, String(published));
  const slow = new Rules(config({ maxPerSecond: 0.1 }));
  const given = [0, 1000, 9999, 10_000, 20_001].map((ms) => slow.decide(record(ms + 1, 'x'), ms));
  t.deepEqual(given, ['publish', 'rate', 'rate', 'publish', 'publish']);
});

test('counts are those of all records of a window, published or not, and go on over a restart', (t) => {
  const rules = new Rules(config({ predictions: 'none', countsEveryS: 60 }));
  t.is(rules.closeWindow(0), undefined);
  decisions(rules, [record(1, 'x'), record(2, 'y'), record(3, 'x')]);
  const again = new Rules(config({ predictions: 'none', countsEveryS: 60 }), JSON.parse(JSON.stringify(rules.state)));
  decisions(again, [record(4, 'x')]);
  t.is(again.closeWindow(59_999), undefined);
  t.deepEqual(again.closeWindow(60_000), {
    from: '1970-01-01T00:00:00.000Z',
    to: '1970-01-01T00:01:00.000Z',
    records: 4,
    labels: { x: 3, y: 1 },
  });
  t.is(again.closeWindow(120_000), undefined, 'an empty window says nothing');
});

test('a batch comes apart by source, with each one’s place, rounded, the text only where it is asked for', (t) => {
  const publisher = new Publisher(
    { a: { config: config({ text: true }), again: true }, b: { config: config(), again: false } },
    () => 0,
  );
  const answered = publisher.take([
    record(1, 'x', 0.123456789, { position: { offset: 10 } }),
    record(1, 'x', 0.5, { source: 'b', ids: { host: 'pump' } }),
    record(2, 'y', 0.5, { position: { offset: 20 } }),
  ]);
  t.deepEqual(
    answered.map(({ source, early, upTo, predictions }) => ({
      source,
      early,
      upTo,
      seqs: predictions.map((p) => p.seq),
    })),
    [
      { source: 'a', early: true, upTo: { seq: 2, position: { offset: 20 } }, seqs: [1, 2] },
      { source: 'b', early: false, upTo: { seq: 1 }, seqs: [1] },
    ],
  );
  t.deepEqual(answered[0].predictions[0], {
    seq: 1,
    ts: '2026-01-01T00:00:00.000Z',
    label: 'x',
    score: 0.123457,
    latencyMs: 1.235,
    profile: 'w1.00-p0.00-q8',
    text: 'text 1',
  });
  t.false('text' in answered[1].predictions[0]);
  t.deepEqual(answered[1].predictions[0].ids, { host: 'pump' });
});

test('a record that is not published moves its source’s place all the same', (t) => {
  const publisher = new Publisher({ a: { config: config({ predictions: 'none' }), again: true } }, () => 0);
  const [answered] = publisher.take([record(5, 'x', 0.9, { position: { offset: 50 } })]);
  t.deepEqual([answered.predictions.length, answered.upTo], [0, { seq: 5, position: { offset: 50 } }]);
  t.is(publisher.withheld.rules, 1);
});
