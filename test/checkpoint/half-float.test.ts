import test from 'ava';
import { bfloatToFloat, floatToHalf, halfToFloat } from '../../src/checkpoint/half-float.js';

/** What a half means, straight from IEEE 754: sign, 5 bits exponent, 10 bits fraction. */
function meaning(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const allHalves = Uint16Array.from({ length: 65536 }, (_, i) => i);

test('every half becomes the single-precision number it means, and comes back as it was', (t) => {
  const floats = halfToFloat(allHalves);
  const back = floatToHalf(floats);
  for (const half of allHalves) {
    const expected = meaning(half);
    if (!Object.is(floats[half], expected)) t.fail(`0x${half.toString(16)} became ${floats[half]}, not ${expected}`);
    if (!Number.isNaN(expected) && back[half] !== half) t.fail(`0x${half.toString(16)} came back as ${back[half]}`);
    if (Number.isNaN(expected) && !Number.isNaN(meaning(back[half]))) t.fail(`NaN 0x${half.toString(16)} was lost`);
  }
  t.pass();
});

test('between two halves the nearer one is taken, and the even one in the middle', (t) => {
  const next = (x: number, by: number) => {
    const float = Float32Array.of(x);
    new Uint32Array(float.buffer)[0] += by;
    return float[0];
  };
  for (let half = 0; half < 0x7bff; half++) {
    const middle = (meaning(half) + meaning(half + 1)) / 2;
    const even = half % 2 === 0 ? half : half + 1;
    const got = floatToHalf(Float32Array.of(middle, next(middle, -1), next(middle, 1), -middle));
    const expected = [even, half, half + 1, 0x8000 | even];
    if (!expected.every((value, i) => got[i] === value)) t.fail(`around ${middle}: ${got} instead of ${expected}`);
  }
  t.pass();
});

test('what is too large for a half becomes infinite, from 65520 on', (t) => {
  const halves = floatToHalf(Float32Array.of(65519.99, 65520, 1e30, Number.NEGATIVE_INFINITY, Number.NaN, 1e-40, -0));
  t.deepEqual([...halves], [0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7e00, 0, 0x8000]);
});

test('a bfloat16 is the upper half of a single-precision number', (t) => {
  t.deepEqual([...bfloatToFloat(Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001))], [1, -2, Infinity, 2 ** -133]);
});
