/** A simulated day of load and heat. */
import test from 'ava';
import { settings } from '../../../agent/governor/thresholds.js';
import { simulateDay } from '../../../scripts/governor/day.js';

/** Fourteen floods, ten neighbours on the processor, five in memory, and a hot afternoon. */
const DISTURBANCES = 14 + 10 + 5;
const day = simulateDay(1);

test('no flapping: hardly more than one change down and one up for each disturbance of the day', (t) => {
  for (const seed of [1, 2, 3]) {
    const { changes } = seed === 1 ? day : simulateDay(seed);
    t.true(changes.length > 20, `${changes.length} changes: the governor sleeps`);
    t.true(changes.length <= 2.5 * DISTURBANCES, `${changes.length} changes with seed ${seed}`);
  }
});

test('after a step down nothing goes up before the hold-off is over', (t) => {
  const { changes } = day;
  for (const [i, change] of changes.entries())
    if (i > 0 && change.direction === 'up' && changes[i - 1].direction === 'down')
      t.true(change.atMs - changes[i - 1].atMs >= settings.holdOffMs.value);
});

test('no five minutes see more than six changes', (t) => {
  const { changes } = day;
  for (const { atMs } of changes) {
    const near = changes.filter((each) => each.atMs >= atMs && each.atMs < atMs + 300_000);
    t.true(near.length <= 6, `${near.length} at ${atMs}`);
  }
});

test('queue, latency, heat and memory all have their day, and the most accurate profile serves most of it', (t) => {
  const { changes, samples } = day;
  const causes = new Set(changes.map(({ cause }) => cause));
  for (const cause of ['queue', 'latency', 'heat', 'memory', 'calm']) t.true(causes.has(cause), cause);
  const top = samples.filter(({ rung }) => rung <= 1).length;
  t.true(top > 0.8 * samples.length);
});

test('the same seed gives the same day', (t) => {
  t.deepEqual(simulateDay(1), day);
});
