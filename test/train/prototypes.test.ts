/** Typical vectors of a label. */
import test from 'ava';
import { type Matrix, prototypesOf, seededRandom } from '../../src/train/index.js';

/** Unit vectors in the plane, by their angles in degrees. */
function atAngles(...degrees: number[]): Matrix {
  const values = degrees.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]);
  return { values: Float32Array.from(values), rows: degrees.length, columns: 2 };
}

const angles = (prototypes: Float32Array) =>
  Array.from({ length: prototypes.length / 2 }, (_, i) =>
    Math.round((Math.atan2(prototypes[2 * i + 1], prototypes[2 * i]) * 180) / Math.PI),
  );

test('each label has its own, of length one, in the middle of its clusters', (t) => {
  const vectors = atAngles(
    0,
    2,
    4,
    90,
    92,
    94,
    180,
    178,
    176,
    /* the other label */ -40,
    -42,
    -44,
    -90,
    -92,
    -94,
    -130,
    -132,
    -134,
  );
  const classes = [...new Array<number>(9).fill(0), ...new Array<number>(9).fill(1)];
  for (const seed of [1, 2, 3]) {
    const prototypes = prototypesOf(vectors, classes, 2, 3, seed);
    const found = angles(prototypes);
    t.deepEqual(
      found.slice(0, 3).sort((a, b) => a - b),
      [2, 92, 178],
    );
    t.deepEqual(
      found.slice(3).sort((a, b) => a - b),
      [-132, -92, -42],
    );
    for (let i = 0; i < 6; i++) t.true(Math.abs(Math.hypot(prototypes[2 * i], prototypes[2 * i + 1]) - 1) < 1e-6);
  }
});

test('a seed repeats, and the rows of other labels do not matter', (t) => {
  const random = seededRandom(4);
  const vectors = atAngles(...Array.from({ length: 60 }, () => random() * 360));
  const classes = Array.from({ length: 60 }, (_, i) => i % 2);
  const one = prototypesOf(vectors, classes, 2, 3, 11);
  t.deepEqual(prototypesOf(vectors, classes, 2, 3, 11), one);
  const first = atAngles(...angles(vectors.values).filter((_, i) => i % 2 === 0));
  t.is(prototypesOf(first, new Array<number>(30).fill(0), 1, 3, 11).length, 6);
});

test('a label with fewer rows than prototypes, or with equal rows, repeats some', (t) => {
  t.deepEqual(angles(prototypesOf(atAngles(30), [0], 1, 3, 1)), [30, 30, 30]);
  t.deepEqual(new Set(angles(prototypesOf(atAngles(30, 60), [0, 0], 1, 3, 1))), new Set([30, 60]));
  t.deepEqual(angles(prototypesOf(atAngles(10, 10, 10, 10), [0, 0, 0, 0], 1, 3, 1)), [10, 10, 10]);
});
