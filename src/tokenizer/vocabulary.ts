/**
 * A vocabulary in flat memory: all pieces as UTF-8 in one buffer, and an open-addressing hash table of ids beside it. 30,522
 * pieces take half a megabyte; a Map of strings takes several, and the process's memory is what a small board is short of.
 */
const fnvOffset = 0x811c9dc5 | 0;
const fnvPrime = 0x01000193;

/** One step of FNV-1a, 32 bits. */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, fnvPrime);
}

export function hashBytes(bytes: Uint8Array, start = 0, end = bytes.length, seed: number = fnvOffset): number {
  let hash = seed;
  for (let i = start; i < end; i++) hash = hashByte(hash, bytes[i]);
  return hash;
}

function same(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** The hash table of a vocabulary that was built before. */
export interface ReadyTable {
  readonly slots: Uint16Array | Uint32Array;
  readonly size: number;
  readonly longestBytes: number;
}

export class Vocabulary {
  /** The number of pieces. */
  readonly size: number;
  /** Highest id + 1. */
  readonly idLimit: number;
  /** Bytes of the longest piece. */
  readonly longestBytes: number;
  /** Two ids that have the same piece, or undefined: the first such pair. */
  readonly twins?: readonly [number, number];
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #lengths: Uint32Array;
  /** id + 1, or 0 for an empty slot. */
  readonly #slots: Uint32Array | Uint16Array;
  readonly #mask: number;

  /** `starts[id]` and `lengths[id]` say where a piece lies in `bytes`; a length of 0 marks an id without a piece. */
  constructor(bytes: Uint8Array, starts: Uint32Array, lengths: Uint32Array, ready?: ReadyTable) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#lengths = lengths;
    this.idLimit = lengths.length;
    if (ready) {
      this.#slots = ready.slots;
      this.#mask = ready.slots.length - 1;
      this.size = ready.size;
      this.longestBytes = ready.longestBytes;
      return;
    }
    let slots = 16;
    while (slots < 2 * lengths.length) slots *= 2;
    this.#slots = lengths.length < 0xffff ? new Uint16Array(slots) : new Uint32Array(slots);
    this.#mask = slots - 1;
    let size = 0;
    let longest = 0;
    let twins: readonly [number, number] | undefined;
    for (let id = 0; id < lengths.length; id++) {
      if (lengths[id] === 0) continue;
      size++;
      longest = Math.max(longest, lengths[id]);
      const earlier = this.#insert(id);
      if (earlier >= 0) twins ??= [earlier, id];
    }
    this.twins = twins;
    this.size = size;
    this.longestBytes = longest;
  }

  /** All that makes the vocabulary, to be kept and handed to the constructor again. */
  tables(): { bytes: Uint8Array; starts: Uint32Array; lengths: Uint32Array } & ReadyTable {
    const { size, longestBytes } = this;
    return { bytes: this.#bytes, starts: this.#starts, lengths: this.#lengths, slots: this.#slots, size, longestBytes };
  }

  /**
   * Of two ids with the same piece the later one wins, as in the reference's reading of vocab.txt.
   * @returns the earlier id, or -1
   */
  #insert(id: number): number {
    const start = this.#starts[id];
    const end = start + this.#lengths[id];
    let slot = this.#slotOf(hashBytes(this.#bytes, start, end));
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const other = this.#slots[slot] - 1;
      if (this.#lengths[other] !== end - start) continue;
      if (!same(this.#bytes, this.#starts[other], this.#bytes, start, end - start)) continue;
      this.#slots[slot] = id + 1;
      return other;
    }
    this.#slots[slot] = id + 1;
    return -1;
  }

  #slotOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask;
  }

  /** The id of the piece `prefix` + `bytes[start, end)`, whose hash is given, or -1. */
  find(hash: number, prefix: Uint8Array, bytes: Uint8Array, start: number, end: number): number {
    const length = prefix.length + end - start;
    for (let slot = this.#slotOf(hash); this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const id = this.#slots[slot] - 1;
      if (this.#lengths[id] !== length) continue;
      const at = this.#starts[id];
      if (
        same(this.#bytes, at + prefix.length, bytes, start, end - start) &&
        same(this.#bytes, at, prefix, 0, prefix.length)
      )
        return id;
    }
    return -1;
  }

  /** The id of a piece given as a string, or -1. */
  idOf(piece: string): number {
    const bytes = Buffer.from(piece, 'utf8');
    return this.find(hashBytes(bytes), noBytes, bytes, 0, bytes.length);
  }

  /** The piece with this id; empty where there is none. */
  pieceOf(id: number): string {
    const start = this.#starts[id] ?? 0;
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.#lengths[id] ?? 0).toString('utf8');
  }
}

const noBytes = new Uint8Array(0);

/** Takes pieces in any order and puts them into flat memory. */
export class VocabularyBuilder {
  #bytes: Uint8Array;
  #used = 0;
  #starts = new Uint32Array(4096);
  #lengths = new Uint32Array(4096);
  #given = new Uint8Array(4096);
  #idLimit = 0;

  /** `expectedBytes` is the size of all pieces together, as far as known. */
  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(Math.max(expectedBytes, 64));
  }

  /** Highest id so far + 1. */
  get idLimit(): number {
    return this.#idLimit;
  }

  has(id: number): boolean {
    return id < this.#given.length && this.#given[id] === 1;
  }

  /** Adds `bytes[start, end)` as piece `id`, which must be new. */
  add(id: number, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    while (this.#used + length > this.#bytes.length) this.#bytes = grown(this.#bytes, 2 * this.#bytes.length);
    while (id >= this.#starts.length) {
      const room = 2 * this.#starts.length;
      const [starts, lengths] = [new Uint32Array(room), new Uint32Array(room)];
      starts.set(this.#starts);
      lengths.set(this.#lengths);
      [this.#starts, this.#lengths, this.#given] = [starts, lengths, grown(this.#given, room)];
    }
    this.#starts[id] = this.#used;
    this.#lengths[id] = length;
    this.#given[id] = 1;
    const target = this.#bytes; // a field read for each byte would double the time
    let used = this.#used;
    for (let i = start; i < end; i++) target[used++] = bytes[i];
    this.#used = used;
    this.#idLimit = Math.max(this.#idLimit, id + 1);
  }

  build(): Vocabulary {
    return new Vocabulary(
      this.#bytes.slice(0, this.#used),
      this.#starts.slice(0, this.#idLimit),
      this.#lengths.slice(0, this.#idLimit),
    );
  }
}

function grown(bytes: Uint8Array, room: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(room);
  larger.set(bytes);
  return larger;
}
