/** What a profile is predicted to cost: time from rates, quotas as the kernel gives them out, memory. */
import test from 'ava';
import { costsOf, saturatedMs, underQuota } from '../../src/fit/cost.js';
import { standardError } from '../../src/fit/equal.js';
import { refined } from '../../src/fit/measured.js';
import { referenceSpeed } from '../../src/fit/planned-speed.js';
import { fitRates, type Rates, type Sample, textMs } from '../../src/fit/rates.js';
import { reference } from '../../src/fit/reference.js';
import type { Work } from '../../src/fit/work.js';
import { randomFrom } from './support.js';

/** A network of so many layers, its width and neurons in thousandths. */
function work(layers: number, hiddenSize: number, neurons: number, more: Partial<Work> = {}): Work {
  const macsPerToken = layers * hiddenSize * (4 * 384 + 2 * neurons);
  return {
    kind: 'q8',
    bits: 8,
    layers,
    macsPerToken,
    layerBytes: macsPerToken,
    headBytes: 150 * hiddenSize,
    tableBytes: 30_000 * hiddenSize,
    neurons: layers * neurons,
    widestNeurons: neurons,
    attentionWidth: layers * 384,
    channels: layers * hiddenSize,
    hiddenSize,
    weightBytes: macsPerToken + 30_000 * hiddenSize,
    fileBytes: 2 * macsPerToken,
    ...more,
  };
}

const works = [work(6, 384, 1536), work(6, 384, 384), work(6, 192, 768), work(6, 96, 1536), work(6, 96, 384)];
const lengths = [8, 32, 128];

/** What a board with these rates would measure, off by so much at most. */
const samplesOf = (rates: Rates, off = 0, random = randomFrom(3)): Sample[] =>
  works.flatMap((each) =>
    lengths.map((tokens) => ({ work: each, tokens, ms: textMs(each, tokens, rates) * (1 + off * (2 * random() - 1)) })),
  );

const worst = (found: Rates, right: Rates) => {
  const others = [work(6, 288, 1152), work(6, 192, 1536), work(6, 288, 768)];
  const misses = others.flatMap((each) =>
    [10, 20, 60, 120].map((tokens) => Math.abs(textMs(each, tokens, found) / textMs(each, tokens, right) - 1)),
  );
  return Math.max(...misses);
};

test('rates of another board are found from a few networks and tell the others', (t) => {
  const { perUnit, cacheBytes } = reference.rates.q8;
  const other: Rates = { perUnit: perUnit.map((rate, at) => rate * (at % 2 === 0 ? 9 : 20)), cacheBytes };
  t.true(worst(fitRates(samplesOf(other), reference.rates.q8, 1), other) < 0.05);
  t.true(worst(fitRates(samplesOf(other, 0.05), reference.rates.q8, 1), other) < 0.12);
});

test('one measurement scales the known rates; none leaves them, so many times slower', (t) => {
  const slow: Rates = { ...reference.rates.q8, perUnit: reference.rates.q8.perUnit.map((rate) => 10 * rate) };
  t.true(worst(fitRates(samplesOf(slow).slice(4, 5), reference.rates.q8, 1), slow) < 0.02);
  t.true(worst(fitRates([], reference.rates.q8, 10), slow) < 1e-9);
});

test('a quota: what a text needs beyond its share of a period waits for the next one', (t) => {
  t.is(underQuota(8, 8, null), 8);
  t.is(underQuota(8, 8, 0.25), 8); // 25 ms a period
  t.is(underQuota(30, 30, 0.25), 105);
  t.is(underQuota(60, 60, 0.25), 210);
  t.is(underQuota(60, 120, 2), 60);
  t.is(saturatedMs(8, 8, 0.25), 32);
  t.is(saturatedMs(8, 16, 4), 8);
});

test('a larger quota never makes a text slower', (t) => {
  const random = randomFrom(5);
  for (let round = 0; round < 500; round++) {
    const [ms, threads, quota] = [1 + 300 * random(), 1 + random(), 0.05 + 2 * random()];
    t.true(underQuota(ms, ms * threads, quota * (1 + random())) <= underQuota(ms, ms * threads, quota) + 1e-9);
  }
});

test('what was measured corrects a profile, and the time of its kind; new measurements count by their weight', (t) => {
  const conditions = { tokens: 32, threads: 1, quotaCores: null, isCached: true };
  const board = referenceSpeed();
  const at = (profile: string, measured = {}, more: Partial<Work> = {}) =>
    costsOf(profile, { ...works[0], ...more }, { ...board, measured }, conditions);
  const plain = at('w1.00-p0.00-q8');
  const twice = { tokens: 32, latencyMs: 2 * plain.latencyMs, rssAnonBytes: 1.5 * plain.rssAnonBytes, rssBytes: null };
  const measured = { 'w1.00-p0.00-q8@1': refined(undefined, twice, plain) };
  t.true(Math.abs(at('w1.00-p0.00-q8', measured).latencyMs / plain.latencyMs - 2) < 1e-9);
  t.true(Math.abs(at('w0.75-p0.00-q8', measured).latencyMs / plain.latencyMs - 2) < 1e-9);
  t.is(at('w0.75-p0.00-q8', measured).rssAnonBytes, plain.rssAnonBytes);
  const other = { kind: 'q32', bits: 32 } as const;
  t.is(at('w0.75-p0.00-q32', measured, other).latencyMs, at('w0.75-p0.00-q32', {}, other).latencyMs);
  const again = refined(measured['w1.00-p0.00-q8@1'], { ...twice, latencyMs: plain.latencyMs }, plain);
  t.like(again, { latencyRatio: 1.7, rssAnonRatio: 1.5, times: 2 });
  t.is(refined(undefined, { ...twice, latencyMs: Number.NaN }, plain).latencyRatio, 1);
});

test('the standard error of a share is that of the binomial distribution, and never 0', (t) => {
  t.true(Math.abs(standardError(0.9, 1000) - Math.sqrt(0.09 / 1000)) < 2e-4);
  t.true(standardError(1, 100) > 0.01);
});

test('a full batch of long texts must have room: the widest layer decides how much it takes', (t) => {
  const resident = (each: Work) =>
    costsOf('w', each, referenceSpeed(), { tokens: 32, threads: 1, quotaCores: null, isCached: true }).residentBytes;
  const narrow = work(6, 384, 768);
  t.is(resident({ ...narrow, widestNeurons: 1536 }) - resident(narrow), 18 * 768 * 1024);
});
