/** Products of the few small matrices that a cut needs; row-major, single precision with double sums where it is free. */

/** The first `kept` of `columns` columns, a copy. */
export function firstColumns(matrix: Float32Array, columns: number, kept: number): Float32Array {
  const rows = matrix.length / columns;
  if (kept === columns) return matrix.slice();
  const result = new Float32Array(rows * kept);
  for (let i = 0; i < rows; i++) result.set(matrix.subarray(i * columns, i * columns + kept), i * kept);
  return result;
}

/** into [rows, kept] += wide × map, where wide is [rows, columns] and map [columns, kept or more; the first ones count]. */
export function multiplyAdd(
  into: Float32Array,
  wide: Float32Array,
  columns: number,
  map: Float32Array,
  kept: number,
): void {
  const rows = wide.length / columns;
  const width = map.length / columns;
  for (let i = 0; i < rows; i++) {
    const to = i * kept;
    for (let k = 0; k < columns; k++) {
      const scale = wide[i * columns + k];
      const from = k * width;
      for (let j = 0; j < kept; j++) into[to + j] += scale * map[from + j];
    }
  }
}

/** into [rows, columns] += left × right, left [rows, rank or more], right [rank, columns or more; the first ones count]. */
export function lowRankAdd(
  into: Float32Array,
  left: Float32Array,
  right: Float32Array,
  rows: number,
  rank: number,
): void {
  const columns = into.length / rows;
  const depth = left.length / rows;
  const width = right.length / rank;
  for (let i = 0; i < rows; i++) {
    const to = i * columns;
    for (let r = 0; r < rank; r++) {
      const scale = left[i * depth + r];
      const from = r * width;
      for (let j = 0; j < columns; j++) into[to + j] += scale * right[from + j];
    }
  }
}

/** matrix [rows, columns] × vector [columns] → [rows]. */
export function timesVector(matrix: Float32Array, vector: Float32Array): Float32Array {
  const columns = vector.length;
  const result = new Float32Array(matrix.length / columns);
  for (let i = 0; i < result.length; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += matrix[i * columns + j] * vector[j];
    result[i] = sum;
  }
  return result;
}
