/** The benchmark's rules: which profiles, in which time, and when it gives way. */
import test from 'ava';
import { type BenchmarkParts, benchmark } from '../../../agent/profiles/benchmark.js';
import type { ErrandOptions } from '../../../agent/profiles/errands.js';

const measured = { texts: 50, p50Ms: 2.00049, p95Ms: 3, p50Tokens: 10, rssAnonBytes: 30e6, rssBytes: 90e6 };

function parts(more: Partial<BenchmarkParts> & { measure?: BenchmarkParts['profiles']['measure'] } = {}) {
  const asked: { readonly profile: string; readonly limitMs: number }[] = [];
  const cut: string[] = [];
  const now = { ms: 0 };
  const made: BenchmarkParts = {
    profiles: {
      ladder: ['a', 'b', 'c'].map((profile) => ({ profile, accuracy: 0.9, weightBytes: 1 })),
      isReady: async (profile) => profile !== 'c',
      prepare: async (profile) => void cut.push(profile),
      measure:
        more.measure ??
        (async (profile, _texts, limitMs) => {
          asked.push({ profile, limitMs });
          now.ms += 1000;
          return measured;
        }),
    },
    candidates: () => ['a', 'b'],
    roomFor: () => true,
    short: () => false,
    idle: () => true,
    nowMs: () => now.ms,
    signal: new AbortController().signal,
    ...more,
  };
  return { made, asked, cut, now };
}

const options = { texts: 50, limitMs: 60_000 };

test('those that could be served now, with progress, sharing the time', async (t) => {
  const { made, asked } = parts();
  const told: unknown[] = [];
  const { rows, seconds } = await benchmark(options, made, (progress) => told.push(progress));
  t.deepEqual(rows, [
    { profile: 'a', texts: 50, latencyMs: { p50: 2, p95: 3 }, rssAnonBytes: 30e6, rssBytes: 90e6 },
    { profile: 'b', texts: 50, latencyMs: { p50: 2, p95: 3 }, rssAnonBytes: 30e6, rssBytes: 90e6 },
  ]);
  t.is(seconds, 2);
  t.deepEqual(told, [
    { done: 0, of: 2, profile: 'a' },
    { done: 1, of: 2, profile: 'b' },
  ]);
  t.deepEqual(asked, [
    { profile: 'a', limitMs: 30_000 },
    { profile: 'b', limitMs: 59_000 },
  ]);
});

test('what was measured is handed on, and what was not is not', async (t) => {
  const learnt: unknown[] = [];
  const { made } = parts({
    learn: async (profile, { p50Ms, p50Tokens }) => void learnt.push([profile, p50Ms, p50Tokens]),
  });
  await benchmark({ ...options, names: ['a', 'x', 'b'] }, made, () => {});
  t.deepEqual(learnt, [
    ['a', 2.00049, 10],
    ['b', 2.00049, 10],
  ]);
});

test('named ones once each, cut where they are not ready; one that is not there is a row that says so', async (t) => {
  const { made, cut } = parts();
  const { rows } = await benchmark({ ...options, names: ['c', 'c', 'x'] }, made, () => {});
  t.deepEqual(cut, ['c']);
  t.like(rows[0], { profile: 'c', texts: 50 });
  t.deepEqual(rows[1], { profile: 'x', notMeasured: 'the bundle does not hold it' });
});

test('when the time is over the rest is not measured', async (t) => {
  const { made } = parts();
  const { rows } = await benchmark({ texts: 50, limitMs: 900 }, made, () => {});
  t.deepEqual(rows[1], { profile: 'b', notMeasured: 'the time was over' });
});

test('no memory beside the agent: not measured, not cut', async (t) => {
  const { made, cut } = parts({ roomFor: (what) => what !== 'cut' && what !== 'a' });
  const { rows } = await benchmark({ ...options, names: ['a', 'c'] }, made, () => {});
  t.deepEqual(rows, [
    { profile: 'a', notMeasured: 'no memory for it beside the agent' },
    { profile: 'c', notMeasured: 'no memory to cut it beside the agent' },
  ]);
  t.deepEqual(cut, []);
});

/** A child that asks once for its go-ahead and ends when it is told to. */
const child = (said: unknown[]) => (_: string, __: number, ___: number, how?: ErrandOptions) => {
  const ended = new Promise<never>((_resolve, reject) => {
    how?.signal?.addEventListener('abort', () => reject(new Error('ended by SIGKILL')));
  });
  said.push(how?.goAhead?.());
  return ended;
};

test('it goes on only while no record waits, and ends at once where memory gets short', async (t) => {
  const said: unknown[] = [];
  const { made } = parts({ measure: child(said), idle: () => false, short: () => true });
  const { rows } = await benchmark({ ...options, names: ['a'] }, made, () => {});
  t.deepEqual(said, [false]);
  t.deepEqual(rows, [{ profile: 'a', notMeasured: 'memory got short' }]);
});

test('a stream that leaves no time, and a child that fails, are rows that say so', async (t) => {
  const busy = parts({ measure: async () => ({ ...measured, texts: 0 }) });
  t.deepEqual((await benchmark({ ...options, names: ['a'] }, busy.made, () => {})).rows, [
    { profile: 'a', notMeasured: 'the stream left no time for it' },
  ]);
  const broken = parts({ measure: () => Promise.reject(new Error('no such weights')) });
  t.deepEqual((await benchmark({ ...options, names: ['a'] }, broken.made, () => {})).rows, [
    { profile: 'a', notMeasured: 'no such weights' },
  ]);
});
