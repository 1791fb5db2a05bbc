/** Dense symmetric matrices, row-major in double precision: factorised, inverted, solved. Sizes are those of a layer. */

/** A square matrix [size, size], row after row. */
export type Square = Float64Array;

/**
 * Lower Cholesky factor of a symmetric positive definite matrix (Golub and Van Loan, Matrix Computations, algorithm 4.2.1, by
 * rows). Where a pivot vanishes within rounding, that row counts as independent of all others with a small variance.
 */
export function cholesky(matrix: Square, size: number): Square {
  const factor = new Float64Array(size * size);
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, matrix[i * size + i]);
  const floor = (largest || 1) * 1e-12;
  for (let i = 0; i < size; i++) {
    const row = factor.subarray(i * size, i * size + i + 1);
    for (let j = 0; j <= i; j++) {
      const other = factor.subarray(j * size, j * size + j);
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= row[k] * other[k];
      row[j] = i === j ? Math.sqrt(Math.max(sum, floor)) : sum / factor[j * size + j];
    }
  }
  return factor;
}

/** Inverse of a symmetric positive definite matrix. */
export function inverse(matrix: Square, size: number): Square {
  const factor = cholesky(matrix, size);
  // The inverse of the factor, lower too, by rows; then its transpose times itself.
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = lower.subarray(i * size, (i + 1) * size);
    for (let k = 0; k < i; k++) {
      const scale = factor[i * size + k];
      if (scale === 0) continue;
      const other = lower.subarray(k * size, k * size + k + 1);
      for (let j = 0; j <= k; j++) row[j] -= scale * other[j];
    }
    const pivot = factor[i * size + i];
    for (let j = 0; j < i; j++) row[j] /= pivot;
    row[i] = 1 / pivot;
  }
  const result = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    const row = lower.subarray(k * size, k * size + k + 1);
    for (let i = 0; i <= k; i++) {
      const scale = row[i];
      if (scale === 0) continue;
      const into = result.subarray(i * size, i * size + i + 1);
      for (let j = 0; j <= i; j++) into[j] += scale * row[j];
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) result[j * size + i] = result[i * size + j];
  return result;
}

/** Solves `matrix × X = right` for X [size, columns]; `matrix` symmetric positive definite, `right` row-major. */
export function solve(matrix: Square, size: number, right: Float64Array, columns: number): Float64Array {
  const factor = cholesky(matrix, size);
  const x = right.slice();
  const row = (i: number) => x.subarray(i * columns, (i + 1) * columns);
  const subtract = (into: Float64Array, scale: number, other: Float64Array) => {
    for (let c = 0; c < columns; c++) into[c] -= scale * other[c];
  };
  const divide = (into: Float64Array, pivot: number) => {
    for (let c = 0; c < columns; c++) into[c] /= pivot;
  };
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) subtract(row(i), factor[i * size + k], row(k));
    divide(row(i), factor[i * size + i]);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) subtract(row(i), factor[k * size + i], row(k));
    divide(row(i), factor[i * size + i]);
  }
  return x;
}

/**
 * The leading eigenvectors of a symmetric positive semidefinite matrix, [count, size], by subspace iteration from the columns
 * of largest norm (Golub and Van Loan, section 7.3.2).
 */
export function leadingEigenvectors(matrix: Square, size: number, count: number, rounds = 20): Float64Array {
  const norms = Array.from({ length: size }, (_, i) => {
    const row = matrix.subarray(i * size, (i + 1) * size);
    return { i, norm: row.reduce((sum, value) => sum + value * value, 0) };
  });
  const start = norms.sort((a, b) => b.norm - a.norm).slice(0, count);
  let vectors = new Float64Array(count * size);
  for (const [at, { i }] of start.entries()) vectors.set(matrix.subarray(i * size, (i + 1) * size), at * size);
  orthonormalise(vectors, count, size);
  for (let round = 0; round < rounds; round++) {
    const next = new Float64Array(count * size);
    for (let v = 0; v < count; v++) {
      const into = next.subarray(v * size, (v + 1) * size);
      for (let i = 0; i < size; i++) {
        const scale = vectors[v * size + i];
        if (scale === 0) continue;
        const row = matrix.subarray(i * size, (i + 1) * size);
        for (let j = 0; j < size; j++) into[j] += scale * row[j];
      }
    }
    orthonormalise(next, count, size);
    vectors = next;
  }
  return vectors;
}

/** Modified Gram-Schmidt, twice for each vector; one that depends on those before it becomes zero. */
function orthonormalise(vectors: Float64Array, count: number, size: number): void {
  for (let v = 0; v < count; v++) {
    const vector = vectors.subarray(v * size, (v + 1) * size);
    const before = norm(vector);
    for (let pass = 0; pass < 2; pass++)
      for (let u = 0; u < v; u++) {
        const other = vectors.subarray(u * size, (u + 1) * size);
        let product = 0;
        for (let i = 0; i < size; i++) product += vector[i] * other[i];
        for (let i = 0; i < size; i++) vector[i] -= product * other[i];
      }
    const length = norm(vector);
    const scale = length > before * 1e-10 && length > 0 ? 1 / length : 0;
    for (let i = 0; i < size; i++) vector[i] *= scale;
  }
}

const norm = (vector: Float64Array) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
