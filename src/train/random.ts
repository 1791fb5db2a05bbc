/** Random numbers that a seed repeats. */

/** Uniform from 0 up to but not including 1. */
export type Random = () => number;

export interface SeededRandom extends Random {
  /** The next numbers as whole ones of 32 bits: many at once, for a fraction of the time. */
  fill(words: Uint32Array): void;
}

/** SplitMix32: 32 bits of state, passes the usual tests, the same on every machine. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  const random = () => {
    state = (state + 0x9e3779b9) | 0;
    return (mixed(state) >>> 0) / 2 ** 32;
  };
  const fill = (words: Uint32Array) => {
    let at = state;
    for (let i = 0; i < words.length; i++) {
      at = (at + 0x9e3779b9) | 0;
      words[i] = mixed(at);
    }
    state = at;
  };
  return Object.assign(random, { fill });
}

function mixed(state: number): number {
  let bits = state ^ (state >>> 16);
  bits = Math.imul(bits, 0x21f0aaad);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x735a2d97);
  return bits ^ (bits >>> 15);
}
