/** Random numbers that a seed repeats. */
import test from 'ava';
import { seededRandom } from '../../src/train/index.js';

test('the same seed repeats, another one does not', (t) => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
  t.deepEqual(draw(1), draw(1));
  t.notDeepEqual(draw(1), draw(2));
  t.notDeepEqual(draw(0), draw(0xffffffff));
});

test('numbers lie from 0 up to 1, evenly', (t) => {
  const random = seededRandom(7);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const x = random();
    t.true(x >= 0 && x < 1);
    tenths[Math.floor(x * 10)]++;
  }
  t.true(
    tenths.every((count) => Math.abs(count - 2000) < 200),
    `${tenths}`,
  );
});
