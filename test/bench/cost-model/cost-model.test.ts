/** `snug bench cost-model`: service time out of moments, errors and ranks out of pairs, rows and a picture. */
import test from 'ava';
import { type Found, placeOf, processOf } from '../../../src/bench/cost-model/measure.js';
import { picturesOf } from '../../../src/bench/cost-model/picture.js';
import { type Predictions, pointOf } from '../../../src/bench/cost-model/predictions.js';
import { rankCorrelation, rowsOf } from '../../../src/bench/cost-model/rows.js';
import { serviceMs } from '../../../src/bench/cost-model/service.js';

/** Moments of answers, so many milliseconds apart; once a period's share is used, it waits for the next one. */
function momentsUnder(quota: number, textMs: number, limitMs: number, phaseMs = 0): number[] {
  const moments: number[] = [];
  for (let now = phaseMs, left = 100 * quota - phaseMs; now < limitMs + phaseMs; ) {
    let work = textMs;
    while (work > left) {
      work -= left;
      now = Math.ceil((now + left + 1e-9) / 100) * 100;
      left = 100 * quota;
    }
    now += work;
    left -= work;
    moments.push(now);
  }
  return moments;
}

test('without a quota: wall time by texts', (t) => {
  t.is(serviceMs([10, 12, 14, 16], 0), 2);
});

test('under a quota whole periods are counted, wherever it began and ended', (t) => {
  for (const quota of [0.25, 0.5])
    for (const textMs of [0.5, 2, 7])
      for (const phaseMs of [0, 5, 20]) {
        const found = serviceMs(momentsUnder(quota, textMs, 650, phaseMs), 100 * (1 - quota));
        t.true(Math.abs(found / (textMs / quota) - 1) < 0.03, `${quota} ${textMs} ${phaseMs}: ${found}`);
      }
});

const pairs = (measured: number[], predicted: number[]) =>
  measured.map((value, at) => ({ measured: value, predicted: predicted[at] }));

test("Spearman's rank correlation", (t) => {
  t.is(rankCorrelation(pairs([1, 2, 3, 4], [10, 20, 30, 40])), 1);
  t.is(rankCorrelation(pairs([1, 2, 3, 4], [4, 3, 2, 1])), -1);
  t.is(Math.round(1e6 * rankCorrelation(pairs([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]))), 800_000);
  t.is(Math.round(1e6 * rankCorrelation(pairs([1, 2, 2, 4], [1, 2, 3, 4]))), 948_683);
});

const profiles = ['w1.00-p0.00-q32', 'w1.00-p0.00-q8', 'bag-q8'];
const plan = { profiles, threads: [1], quotas: [1, 0.25], tokens: [32] };
const predictions: Predictions = new Map(
  profiles.map((profile, at) => [
    pointOf(profile, 1, 32),
    { latencyMs: 4 - at, cpuMs: 4 - at, rssAnonBytes: 30e6, rssBytes: 100e6 },
  ]),
);
const found: Found = {
  service: new Map(
    profiles.flatMap((profile, at) => [
      [placeOf(profile, 1, 1, 32), (4 - at) / 1.1],
      [placeOf(profile, 1, 0.25, 32), (4 - at) * 4],
    ]),
  ),
  memory: new Map(profiles.map((profile) => [processOf(profile, 1), { rssAnonBytes: 40e6, rssBytes: 100e6 }])),
};

test('rows: medians of errors with their bars, ranks, a row a profile', (t) => {
  const rows = new Map(rowsOf(plan, predictions, found, 'once').map((row) => [row.id, row]));
  t.like(rows.get('latency-error-1t-1q-32n'), { met: null });
  t.true(Math.abs((rows.get('latency-error-1t-1q-32n')?.value ?? 0) - 0.1) < 1e-9);
  t.true((rows.get('latency-error-1t-0.25q-32n')?.value ?? 1) < 1e-9);
  t.like(rows.get('latency-median-error'), { bar: '<=0.15', met: true });
  t.like(rows.get('anonymous-median-error'), { value: 0.25 });
  t.like(rows.get('memory-median-error'), { bar: '<=0.1' });
  t.like(rows.get('latency-rank-correlation'), { value: 1, bar: '>=0.95', met: true });
  t.like(rows.get('bag-q8'), { reference: { what: 'ms predicted', value: 2 } });
});

test('the picture has a point a profile, and is not drawn without any', (t) => {
  const svg = picturesOf(rowsOf(plan, predictions, found, ''))['cost-model-points'];
  t.is(svg.match(/<title>/g)?.length, 3);
  t.true(svg.startsWith('<svg') && svg.trimEnd().endsWith('</svg>'));
  t.deepEqual(picturesOf([]), {});
});
