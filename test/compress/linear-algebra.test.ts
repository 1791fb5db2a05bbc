/** Dense linear algebra against what it is defined by. */
import test from 'ava';
import { cholesky, inverse, leadingEigenvectors, solve } from '../../src/compress/linear-algebra.js';
import { firstColumns, lowRankAdd, multiplyAdd } from '../../src/compress/matrices.js';
import { covarianceOf, farthest, identity, multiplied, randomMatrix, transposed } from './support.js';

const sizes = [1, 2, 7, 40];
const positive = (size: number) => covarianceOf(randomMatrix(3 * size, size, size), size);

for (const size of sizes) {
  test(`factor, inverse and solution of a matrix of ${size}`, (t) => {
    const matrix = positive(size);
    const factor = cholesky(matrix, size);
    for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) t.is(factor[i * size + j], 0);
    t.true(farthest(multiplied(factor, transposed(factor, size), size), matrix) < 1e-12);
    t.true(farthest(multiplied(inverse(matrix, size), matrix, size), identity(size)) < 1e-9);
    const right = randomMatrix(size, 3, 9);
    const before = right.slice();
    t.true(farthest(multiplied(matrix, solve(matrix, size, right, 3), size), right) < 1e-10);
    t.deepEqual(right, before, 'the right side stays as it was');
  });

  test(`leading eigenvectors of a matrix of ${size}`, (t) => {
    // A matrix that is made of its eigenvectors: V diag(λ) Vᵀ, with V out of a random matrix.
    const basis = leadingEigenvectors(positive(size), size, size, 200);
    t.true(farthest(multiplied(basis, transposed(basis, size), size), identity(size)) < 1e-9, 'orthonormal');
    const scaled = basis.map((value, at) => value * 0.5 ** Math.floor(at / size));
    const matrix = multiplied(transposed(basis, size), scaled, size);
    const count = Math.min(size, 3);
    const found = leadingEigenvectors(matrix, size, count, 60);
    for (let v = 0; v < count; v++) {
      const vector = found.subarray(v * size, (v + 1) * size);
      const image = multiplied(matrix, vector, size);
      t.true(
        farthest(
          image,
          vector.map((value) => value * 0.5 ** v),
        ) < 1e-6,
        `vector ${v}`,
      );
    }
  });
}

test('a matrix that has no inverse gives finite numbers all the same', (t) => {
  const one = randomMatrix(1, 5, 3);
  for (const matrix of [multiplied(one, one, 1), new Float64Array(25)]) {
    for (const values of [
      cholesky(matrix, 5),
      inverse(matrix, 5),
      solve(matrix, 5, randomMatrix(5, 2, 4), 2),
      leadingEigenvectors(matrix, 5, 5),
    ])
      t.true(values.every(Number.isFinite));
  }
});

test('eigenvectors beyond the rank are zero, not noise', (t) => {
  const one = randomMatrix(1, 6, 3);
  const found = leadingEigenvectors(multiplied(one, one, 1), 6, 4);
  const lengths = [0, 1, 2, 3].map((v) => Math.hypot(...found.subarray(v * 6, (v + 1) * 6)));
  t.true(Math.abs(lengths[0] - 1) < 1e-12);
  t.deepEqual(lengths.slice(1), [0, 0, 0]);
});

test('the products of a cut are those written out; columns beyond the kept ones are left alone', (t) => {
  const single = (values: Float64Array) => Float32Array.from(values);
  const wide = single(randomMatrix(4, 9, 1));
  t.deepEqual(
    firstColumns(wide, 9, 3),
    wide.filter((_, at) => at % 9 < 3),
  );
  const copy = firstColumns(wide, 9, 9);
  copy[0] = 5;
  t.not(wide[0], 5);
  for (const stored of [5, 8]) {
    // A stored map may be filled up beyond its five columns.
    const map = single(randomMatrix(9, stored, 2));
    const into = single(randomMatrix(4, 5, 3));
    const wanted = multiplied(wide, firstColumns(map, stored, 5), 9).map((value, at) => value + into[at]);
    multiplyAdd(into, wide, 9, map, 5);
    t.true(farthest(into, wanted) < 1e-5);
  }
  for (const [depth, width] of [
    [3, 6],
    [8, 10],
  ]) {
    const [left, right] = [single(randomMatrix(4, depth, 4)), single(randomMatrix(3, width, 5))];
    const into = single(randomMatrix(4, 6, 6));
    const product = multiplied(firstColumns(left, depth, 3), firstColumns(right, width, 6), 3);
    const wanted = product.map((value, at) => value + into[at]);
    lowRankAdd(into, left, right, 4, 3);
    t.true(farthest(into, wanted) < 1e-5);
  }
});
