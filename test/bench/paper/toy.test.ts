import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Form, planToy } from '../../../src/bench/paper/graph.js';
import { countedRows } from '../../../src/bench/paper/index.js';
import { openToy, randomIds, timeToys } from '../../../src/bench/paper/measure.js';
import { cutToy, noSource, randomToy, type Toy, vocabSize } from '../../../src/bench/paper/toy.js';
import { writeProfile } from '../../../src/bundle/making.js';

const full = randomToy(64, 1);
const slice = cutToy(full, 32, 16);

/** Scores [sequences × tokens × vocab] by the graph. */
async function scoresOf(t: ExecutionContext, toy: Toy, form: Form): Promise<Float32Array | Float64Array> {
  const folder = await mkdtemp(join(tmpdir(), 'snug-toy-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const { modelPath } = await writeProfile(planToy(toy, form), noSource, join(folder, 'toy'));
  const session = await openToy(modelPath);
  const { logits } = await session.run({ input_ids: randomIds(3) });
  await session.release();
  return logits.data as Float32Array | Float64Array;
}

/** The same by the formula, one number at a time. */
function scoresByHand({ hiddenSize, innerSize, values }: Toy): Float64Array {
  const [sequences, tokens] = randomIds(3).dims;
  const ids = [...(randomIds(3).data as BigInt64Array)].map(Number);
  const times = (vector: number[], matrix: Float64Array, columns: number) =>
    Array.from({ length: columns }, (_, column) =>
      vector.reduce((sum, value, row) => sum + value * matrix[row * columns + column], 0),
    );
  const scores: number[] = [];
  for (let sequence = 0; sequence < sequences; sequence++) {
    const rows = ids
      .slice(sequence * tokens, (sequence + 1) * tokens)
      .map((id) => [...values.embedding.subarray(id * hiddenSize, (id + 1) * hiddenSize)]);
    const [queries, keys, vs] = [values.query, values.key, values.value].map((matrix) =>
      rows.map((row) => times(row, matrix, innerSize)),
    );
    for (const query of queries) {
      const powers = keys.map((key) =>
        Math.exp(key.reduce((sum, value, at) => sum + value * query[at], 0) / Math.sqrt(innerSize)),
      );
      const total = powers.reduce((sum, power) => sum + power, 0);
      const context = query.map((_, at) => powers.reduce((sum, power, row) => sum + (power * vs[row][at]) / total, 0));
      scores.push(...times(context, values.output, vocabSize));
    }
  }
  return Float64Array.from(scores);
}

function largestGap(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let gap = 0;
  for (let at = 0; at < one.length; at++) gap = Math.max(gap, Math.abs(one[at] - other[at]));
  return gap;
}

function cosine(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let [product, squares, otherSquares] = [0, 0, 0];
  for (let at = 0; at < one.length; at++) {
    product += one[at] * other[at];
    squares += one[at] ** 2;
    otherSquares += other[at] ** 2;
  }
  return product / Math.sqrt(squares * otherSquares);
}

test("parameters and bytes, counted from what was built, are the paper's", (t) => {
  const rows = countedRows();
  t.deepEqual(
    rows.map(({ id, value, ratio, met }) => [id, value, ratio, met]),
    [
      ['paper-params-64', 140_288, 1, true],
      ['paper-bytes-64', 1_122_304, 1, true],
      ['paper-params-32', 67_072, 1, true],
      ['paper-bytes-32', 536_576, 1, true],
    ],
  );
});

test('the graph computes single-head attention and a projection back to the vocabulary', async (t) => {
  const byHand = scoresByHand(full);
  t.true(byHand.some((score) => Math.abs(score) > 1));
  t.true(largestGap(await scoresOf(t, full, 'float64'), byHand) < 1e-9);
  t.true(largestGap(await scoresOf(t, full, 'float32'), byHand) < 1e-4);
});

test('a slice is a true cut: smaller matrices with the first channels of the large ones', async (t) => {
  t.is(slice.values.embedding.length, vocabSize * 32);
  t.is(slice.values.output.length, 16 * vocabSize);
  t.is(slice.values.query[1 * 16 + 5], full.values.query[1 * 64 + 5]);
  t.is(slice.values.embedding[7 * 32 + 31], full.values.embedding[7 * 64 + 31]);
  t.true(largestGap(await scoresOf(t, slice, 'float32'), scoresByHand(slice)) < 1e-4);
});

test('a slice in few bits computes what the slice in 32 computes', async (t) => {
  const exact = await scoresOf(t, slice, 'float32');
  const agreement = async (form: Form) => cosine(await scoresOf(t, slice, form), exact);
  const [int8, rows, int4] = [await agreement('int8'), await agreement('int8-rows'), await agreement('int4')];
  t.log({ int8, rows, int4 });
  t.true(int8 > 0.999);
  t.true(rows > 0.999);
  t.true(int4 > 0.95);
});

test('every side is timed in every round, by the clock of the runtime and by the wall', async (t) => {
  const said: string[] = [];
  const times = await timeToys(new Map([['slice', planToy(slice, 'int8')]]), 2, (line) => said.push(line));
  const slices = times.get('slice');
  for (const clock of ['one', 'many', 'manyCalled'] as const) {
    t.is(slices?.[clock].length, 2);
    t.true(slices?.[clock].every((ms) => ms > 0));
  }
  t.deepEqual(said, ['round 1 of 2', 'round 2 of 2']);
});
