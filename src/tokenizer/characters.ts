/** How the BERT scheme treats each character, looked up in tables made from the reference tokenizer's own answers. */
import { accents, combiningRanks, decomposing, lowerCase, punctuation, removed, spaces } from './unicode-tables.js';

/** Bits of `CharacterTable.bits`. */
export const Removed = 1;
export const Space = 2;
export const Punctuation = 4;
export const Accent = 8;
export const Decomposes = 16;
export const Ranked = 32;
export const Cased = 64;

interface Run {
  readonly first: number;
  readonly count: number;
  readonly step: number;
  readonly value: number;
}

/** Reads the notation that the head of unicode-tables.ts describes. */
function decodeRuns(text: string): Run[] {
  let first = 0;
  return text.split(' ').map((word) => {
    const [, gap, value = '0', kind, count = '1'] =
      /^([0-9a-z]+)([+-][0-9a-z]+)?(?:([*:])([0-9a-z]+))?$/.exec(word) ?? [];
    first += Number.parseInt(gap, 36);
    return {
      first,
      count: Number.parseInt(count, 36),
      step: kind === ':' ? 2 : 1,
      value: Number.parseInt(value, 36),
    };
  });
}

/** Values of sparse code points, found by binary search: no object per entry. */
class SparseValues {
  readonly #keys: Uint32Array;
  readonly #values: Int32Array;

  constructor(runs: readonly Run[]) {
    const size = runs.reduce((sum, run) => sum + run.count, 0);
    this.#keys = new Uint32Array(size);
    this.#values = new Int32Array(size);
    let at = 0;
    for (const [codePoint, value] of entries(runs)) {
      this.#keys[at] = codePoint;
      this.#values[at++] = value;
    }
    // Runs of every second code point may interleave with others.
    const order = Array.from(this.#keys.keys()).sort((a, b) => this.#keys[a] - this.#keys[b]);
    this.#keys = Uint32Array.from(order, (i) => this.#keys[i]);
    this.#values = Int32Array.from(order, (i) => this.#values[i]);
  }

  /** The value of a code point that is known to have one. */
  get(codePoint: number): number {
    let low = 0;
    let high = this.#keys.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle] < codePoint) low = middle + 1;
      else high = middle;
    }
    return this.#values[low];
  }
}

function* entries(runs: readonly Run[]): Generator<[number, number]> {
  for (const { first, count, step, value } of runs) for (let i = 0; i < count; i++) yield [first + i * step, value];
}

const blockShift = 7;
const blockSize = 1 << blockShift;

/** About 40 kB once built; built on the first character beyond ASCII. */
export class CharacterTable {
  readonly #block = new Uint8Array(0x110000 >> blockShift);
  readonly #bits: Uint8Array;
  readonly #lower: SparseValues;
  readonly #ranks: SparseValues;

  constructor() {
    const lower = decodeRuns(lowerCase);
    const ranks = decodeRuns(combiningRanks);
    const kinds: readonly (readonly [bit: number, runs: readonly Run[]])[] = [
      [Removed, decodeRuns(removed)],
      [Space, decodeRuns(spaces)],
      [Punctuation, decodeRuns(punctuation)],
      [Accent, decodeRuns(accents)],
      [Decomposes, decodeRuns(decomposing)],
      [Ranked, ranks],
      [Cased, lower],
    ];
    // Two stages: blocks without any bit share block 0.
    let blocks = 1;
    for (const [, runs] of kinds)
      for (const [codePoint] of entries(runs))
        if (this.#block[codePoint >> blockShift] === 0) this.#block[codePoint >> blockShift] = blocks++;
    this.#bits = new Uint8Array(blocks * blockSize);
    for (const [bit, runs] of kinds) for (const [codePoint] of entries(runs)) this.#bits[this.#place(codePoint)] |= bit;
    this.#lower = new SparseValues(lower);
    this.#ranks = new SparseValues(ranks);
  }

  #place(codePoint: number): number {
    return (this.#block[codePoint >> blockShift] << blockShift) | (codePoint & (blockSize - 1));
  }

  bits(codePoint: number): number {
    return isPrivateUse(codePoint) ? Removed : this.#bits[this.#place(codePoint)];
  }

  /** The lower-case letter of a `Cased` code point. */
  lower(codePoint: number): number {
    return codePoint + this.#lower.get(codePoint);
  }

  /** The place of a `Ranked` mark's combining class among all classes, from 1. */
  rank(codePoint: number): number {
    return this.#ranks.get(codePoint);
  }
}

function isPrivateUse(c: number): boolean {
  return c >= 0xe000 && (c <= 0xf8ff || (c >= 0xf0000 && (c & 0xffff) <= 0xfffd));
}

/** The ideographs that BERT takes for words of their own. */
export function isChinese(c: number): boolean {
  return (
    c >= 0x3400 &&
    (c <= 0x4dbf ||
      (c >= 0x4e00 && c <= 0x9fff) ||
      (c >= 0xf900 && c <= 0xfaff) ||
      (c >= 0x20000 && c <= 0x2a6df) ||
      (c >= 0x2a700 && c <= 0x2b81f) ||
      (c >= 0x2b920 && c <= 0x2ceaf) ||
      (c >= 0x2f800 && c <= 0x2fa1f))
  );
}

export function isHangulSyllable(c: number): boolean {
  return c >= 0xac00 && c <= 0xd7a3;
}
