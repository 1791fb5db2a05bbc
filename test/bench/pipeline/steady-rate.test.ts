import test from 'ava';
import { type Arrival, steadyRate } from '../../../src/bench/pipeline/steady-rate.js';

/** Bursts of `size` lines, one burst every `everyMs`, the lines of a burst 0.01 ms apart; a slow start before. */
function bursts(count: number, size: number, everyMs: number): Arrival[] {
  return Array.from({ length: count * size }, (_, line) => ({
    at: 700 + (Math.floor(line / size) + 1) * everyMs + (line % size) * 0.01,
    seen: line + 1,
  }));
}

test('answers that come in bursts are counted from the end of one to the end of the last', (t) => {
  for (const size of [1, 32, 512]) {
    const rate = steadyRate(bursts(Math.ceil(4096 / size), size, size), 300, size);
    t.true(Math.abs(rate - 1000) < 1, `bursts of ${size}: ${rate}`);
  }
});

test('too few answers give no rate', (t) => {
  t.true(Number.isNaN(steadyRate([], 300, 32)));
  t.true(Number.isNaN(steadyRate(bursts(1, 32, 10), 300, 32)));
});
