/** Conversions between 32-bit floats and the 16-bit ones that weights are stored in (IEEE 754 binary16, bfloat16). */

const TWO_POW_112 = 2 ** 112;

/**
 * Half precision to single precision, exactly; subnormals, infinities and NaN payloads included.
 * @param halves bit patterns
 * @param into as long as `halves`
 */
export function halfToFloat(halves: Uint16Array, into: Float32Array = new Float32Array(halves.length)): Float32Array {
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i];
    const sign = (half & 0x8000) << 16;
    if ((half & 0x7c00) === 0x7c00) {
      bits[i] = sign | 0x7f800000 | ((half & 0x3ff) << 13);
    } else {
      // The same digits read with single precision's exponent are 2^112 too small, for subnormals as well.
      bits[i] = ((half & 0x7fff) << 13) | sign;
      into[i] *= TWO_POW_112;
    }
  }
  return into;
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/**
 * Single precision to half precision, round to nearest, ties to even. Values of 65520 and more become infinite.
 * @returns bit patterns
 */
export function floatToHalf(floats: Float32Array, into: Uint16Array = new Uint16Array(floats.length)): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < floats.length; i++) {
    const sign = (bits[i] >>> 16) & 0x8000;
    const size = bits[i] & 0x7fffffff;
    if (size >= 0x47800000) {
      into[i] = sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00);
    } else if (size < 0x38800000) {
      // Below 2^-14: one unit of the sum with 0.5 is 2^-24, the step of half precision's subnormals.
      scratch[0] = Math.abs(floats[i]) + 0.5;
      into[i] = sign | (scratchBits[0] - 0x3f000000);
    } else {
      into[i] = sign | ((size - 0x38000000 + 0x0fff + ((size >>> 13) & 1)) >>> 13);
    }
  }
  return into;
}

/** bfloat16 to single precision, exactly. */
export function bfloatToFloat(
  bfloats: Uint16Array,
  into: Float32Array = new Float32Array(bfloats.length),
): Float32Array {
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < bfloats.length; i++) bits[i] = bfloats[i] << 16;
  return into;
}
