/**
 * BertNormalizer and BertPreTokenizer in one pass: a text goes in, and its words come out one after the other as UTF-8 in a
 * buffer that is used again, so that a text costs no strings. Order of steps as in the reference: added tokens, clean_text,
 * handle_chinese_chars, strip_accents (NFD first), lowercase; then split at white space, and around punctuation.
 */
import {
  Accent,
  Cased,
  CharacterTable,
  Decomposes,
  isChinese,
  isHangulSyllable,
  Punctuation,
  Ranked,
  Removed,
  Space,
} from './characters.js';
import type { AddedToken, BertNormalizerOptions } from './types.js';

/** Takes what `BertWords.split` finds; answers true when it has enough. */
export interface WordSink {
  /** `bytes[0, length)` is the word; `characters` counts its code points. Where they are too many, the bytes are not whole. */
  word(bytes: Uint8Array, length: number, characters: number): boolean;
  added(id: number): boolean;
}

// What to do with an ASCII character: a value below 128 is the byte to append, lower-cased where asked.
const drop = 128;
const space = 129;
const punctuation = 130;
const mayStartAdded = 131;

const replacementCharacter = 0xfffd;
/** Code points need 21 bits; a rank stands above them. */
const rankUnit = 0x200000;

export class BertWords {
  readonly #options: BertNormalizerOptions;
  readonly #maxCharacters: number;
  /** By first code unit, longest first: the reference takes the leftmost, then the longest. */
  readonly #added = new Map<number, AddedToken[]>();
  readonly #ascii = new Uint8Array(128);
  readonly #asciiOrAdded: Uint8Array;
  readonly #addedBeyondAscii: boolean;
  #table: CharacterTable | undefined;
  #sink: WordSink | undefined;
  #enough = false;
  #bytes = new Uint8Array(512);
  #length = 0;
  #characters = 0;
  /** Marks that wait to be put into canonical order, as rank * rankUnit + code point. */
  #marks: number[] = [];

  /** Words of more than `maxCharacters` are counted, but not kept. */
  constructor(options: BertNormalizerOptions, addedTokens: readonly AddedToken[], maxCharacters: number) {
    this.#options = options;
    this.#maxCharacters = maxCharacters;
    for (const token of addedTokens.filter(({ content }) => content !== '')) {
      const unit = token.content.charCodeAt(0);
      const sharing = this.#added.get(unit);
      if (sharing === undefined) this.#added.set(unit, [token]);
      else sharing.push(token);
    }
    for (const tokens of this.#added.values()) tokens.sort((a, b) => b.content.length - a.content.length);
    this.#addedBeyondAscii = [...this.#added.keys()].some((unit) => unit >= 128);
    for (let c = 0; c < 128; c++) this.#ascii[c] = asciiAction(c, options);
    this.#asciiOrAdded = this.#ascii.map((action, c) => (this.#added.has(c) ? mayStartAdded : action));
  }

  /** Hands the words of `text` to `sink`, until that has enough. */
  split(text: string, sink: WordSink): void {
    this.#sink = sink;
    this.#enough = false;
    for (let i = 0; i < text.length && !this.#enough; i++) {
      const c = text.charCodeAt(i);
      if (c < 128) {
        let action = this.#asciiOrAdded[c];
        if (action === mayStartAdded) {
          const length = this.#takeAdded(text, i, c);
          if (length > 0) {
            i += length - 1;
            continue;
          }
          action = this.#ascii[c];
        }
        if (action === drop) continue;
        if (this.#marks.length > 0) this.#flushMarks();
        this.#asciiCharacter(action, c);
        continue;
      }
      if (this.#addedBeyondAscii) {
        const length = this.#takeAdded(text, i, c);
        if (length > 0) {
          i += length - 1;
          continue;
        }
      }
      if ((c & 0xf800) !== 0xd800) {
        this.#character(c);
        continue;
      }
      const low = text.charCodeAt(i + 1); // NaN at the end
      if (c < 0xdc00 && (low & 0xfc00) === 0xdc00) {
        i++;
        this.#character(((c - 0xd800) << 10) + (low - 0xdc00) + 0x10000);
      } else this.#character(replacementCharacter); // what UTF-8 makes of a lone surrogate
    }
    this.#endWord();
    this.#length = 0;
    this.#characters = 0;
    this.#sink = undefined;
  }

  /** Length of the added token that stands at `at`, after handing it over; 0 where there is none. */
  #takeAdded(text: string, at: number, unit: number): number {
    const token = this.#added.get(unit)?.find(({ content }) => text.startsWith(content, at));
    if (token === undefined) return 0;
    this.#endWord();
    if (!this.#enough && this.#sink !== undefined) this.#enough = this.#sink.added(token.id);
    return token.content.length;
  }

  #asciiCharacter(action: number, c: number): void {
    if (action < 128) {
      if (this.#characters++ >= this.#maxCharacters) return;
      if (this.#length === this.#bytes.length) this.#grow();
      this.#bytes[this.#length++] = action;
    } else if (action === punctuation) this.#single(c);
    else this.#endWord();
  }

  /** A code point beyond ASCII as it stands in the text. */
  #character(c: number): void {
    this.#table ??= new CharacterTable();
    const bits = this.#table.bits(c);
    if ((bits & Removed) !== 0 && this.#options.cleanText) return;
    if ((bits & Space) !== 0) {
      this.#endWord();
    } else if (this.#options.handleChineseChars && isChinese(c)) {
      this.#endWord();
      this.#unaccented(c, bits, this.#table);
      this.#endWord();
    } else this.#unaccented(c, bits, this.#table);
  }

  #unaccented(c: number, bits: number, table: CharacterTable): void {
    if (!this.#options.stripAccents) {
      this.#lowered(c, bits, table);
    } else if ((bits & Decomposes) !== 0) {
      for (const part of String.fromCodePoint(c).normalize('NFD')) {
        const codePoint = part.codePointAt(0) ?? 0;
        this.#ordered(codePoint, table.bits(codePoint), table);
      }
    } else if (isHangulSyllable(c)) {
      this.#flushMarks();
      const index = c - 0xac00;
      this.#kept(0x1100 + Math.floor(index / 588), 0);
      this.#kept(0x1161 + Math.floor((index % 588) / 28), 0);
      if (index % 28 !== 0) this.#kept(0x11a7 + (index % 28), 0);
    } else this.#ordered(c, bits, table);
  }

  /** Canonical ordering: marks of one sequence come in the order of their combining class. Most are accents, and fall. */
  #ordered(c: number, bits: number, table: CharacterTable): void {
    if ((bits & Ranked) === 0) {
      this.#flushMarks();
      if ((bits & Accent) === 0) this.#lowered(c, bits, table);
    } else if ((bits & Accent) === 0) this.#marks.push(table.rank(c) * rankUnit + c);
  }

  #flushMarks(): void {
    if (this.#marks.length === 0) return;
    const marks = this.#marks;
    this.#marks = [];
    if (marks.length > 1) marks.sort((a, b) => Math.floor(a / rankUnit) - Math.floor(b / rankUnit));
    this.#table ??= new CharacterTable();
    for (const mark of marks) this.#lowered(mark % rankUnit, this.#table.bits(mark % rankUnit), this.#table);
  }

  #lowered(c: number, bits: number, table: CharacterTable): void {
    if (!this.#options.lowercase) this.#kept(c, bits);
    else if (c === 0x130) {
      this.#kept(0x69, 0); // the one letter whose lower case is two code points
      this.#kept(0x307, 0);
    } else if ((bits & Cased) !== 0 && c >= 128) {
      const lower = table.lower(c);
      this.#kept(lower, table.bits(lower));
    } else this.#kept(c, bits);
  }

  #kept(c: number, bits: number): void {
    if (c < 128) this.#asciiCharacter(this.#ascii[c], c);
    else if ((bits & Punctuation) !== 0) this.#single(c);
    else this.#append(c);
  }

  #append(c: number): void {
    if (this.#characters++ >= this.#maxCharacters) return;
    if (this.#length + 4 > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    if (c < 0x80) {
      bytes[this.#length++] = c;
      return;
    }
    if (c < 0x800) bytes[this.#length++] = 0xc0 | (c >> 6);
    else {
      if (c < 0x10000) bytes[this.#length++] = 0xe0 | (c >> 12);
      else {
        bytes[this.#length++] = 0xf0 | (c >> 18);
        bytes[this.#length++] = 0x80 | ((c >> 12) & 0x3f);
      }
      bytes[this.#length++] = 0x80 | ((c >> 6) & 0x3f);
    }
    bytes[this.#length++] = 0x80 | (c & 0x3f);
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** A word of one character. */
  #single(c: number): void {
    this.#closeWord();
    this.#append(c);
    this.#closeWord();
  }

  /** The end of a word and of what canonical ordering can reach. */
  #endWord(): void {
    if (this.#marks.length > 0) this.#flushMarks();
    this.#closeWord();
  }

  #closeWord(): void {
    if (this.#characters === 0) return;
    if (!this.#enough && this.#sink !== undefined)
      this.#enough = this.#sink.word(this.#bytes, this.#length, this.#characters);
    this.#length = 0;
    this.#characters = 0;
  }
}

function asciiAction(c: number, options: BertNormalizerOptions): number {
  if (c === 0x20 || (c >= 0x09 && c <= 0x0d && (!options.cleanText || c === 0x09 || c === 0x0a || c === 0x0d)))
    return space;
  if (c < 0x20 || c === 0x7f) return options.cleanText ? drop : c;
  const character = String.fromCharCode(c);
  if (/[a-z0-9]/.test(character)) return c;
  if (/[A-Z]/.test(character)) return options.lowercase ? c + 0x20 : c;
  return punctuation;
}
