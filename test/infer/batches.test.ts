/** Which texts run together. */
import test from 'ava';
import { batchesByLength } from '../../src/infer/batches.js';
import { seededRandom } from '../../src/train/index.js';

test('texts of one length share a batch, in their order', (t) => {
  t.deepEqual(batchesByLength([3, 5, 3, 4, 5, 3]), [[0, 2, 5], [1, 4], [3]]);
  t.deepEqual(batchesByLength([]), []);
  t.deepEqual(batchesByLength([7]), [[0]]);
});

test('any lengths: every text once, never padded, never more than 24 rows or 1,024 tokens', (t) => {
  const random = seededRandom(1);
  const lengths = Array.from({ length: 2000 }, () => 2 + Math.floor(random() ** 4 * 510));
  const batches = batchesByLength(lengths);
  t.deepEqual(
    batches.flat().sort((a, b) => a - b),
    lengths.map((_, i) => i),
  );
  for (const batch of batches) {
    t.is(new Set(batch.map((i) => lengths[i])).size, 1);
    t.true(batch.length <= 24 && batch.length * lengths[batch[0]] <= 1024);
    t.true(batch.every((index, i) => i === 0 || index > batch[i - 1]));
  }
});

test('a text longer than any batch runs alone', (t) => {
  t.deepEqual(batchesByLength([5000, 5000]), [[0], [1]]);
});

test('a group too large for one batch is split evenly: no text is left over by itself', (t) => {
  const sizes = (count: number) => batchesByLength(new Array<number>(count).fill(10)).map((batch) => batch.length);
  t.deepEqual(sizes(24), [24]);
  t.deepEqual(sizes(25), [13, 12]);
  t.deepEqual(sizes(49), [17, 17, 15]);
});
