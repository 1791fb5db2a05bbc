/** Several lines that are one record: a stack trace under its message. */
import type { Pattern } from './pattern.js';
import type { Piece } from './piece.js';

export interface JoinRules {
  /** A record begins with a line that this matches; every other line goes on with it. */
  readonly start?: Pattern;
  /** A line that this matches goes on with the record before it. */
  readonly continuation?: Pattern;
  readonly maxLines: number;
  readonly limitCharacters: number;
}

/** Joins the lines of one stream. Memory is bounded: beyond its limits a record ends, and the rest of its lines is left out. */
export class Joiner {
  #first: Piece | undefined;
  #lines: string[] = [];
  #characters = 0;
  #replaced = 0;
  #cut = false;
  #last: Piece | undefined;

  constructor(private readonly rules: JoinRules) {}

  get holds(): boolean {
    return this.#first !== undefined;
  }

  /** Takes a line; gives the record before it where that is whole now. */
  push(line: Piece): Piece | undefined {
    if (this.#first !== undefined && this.#goesOn(line.text)) {
      this.#add(line);
      return undefined;
    }
    const whole = this.take();
    this.#first = line;
    this.#add(line);
    return whole;
  }

  /** What is held is whole: no other line came. */
  take(): Piece | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    const piece = {
      ...first,
      text: this.#lines.join('\n'),
      cut: this.#cut,
      replaced: this.#replaced,
      position: this.#last?.position,
    };
    this.#first = undefined;
    this.#last = undefined;
    this.#lines = [];
    this.#characters = 0;
    this.#replaced = 0;
    this.#cut = false;
    return piece;
  }

  #goesOn(line: string): boolean {
    const { start, continuation } = this.rules;
    return continuation?.test(line) ?? !(start?.test(line) ?? true);
  }

  #add(line: Piece): void {
    this.#last = line;
    this.#replaced += line.replaced;
    this.#cut ||= line.cut;
    const room = this.rules.limitCharacters - this.#characters;
    if (this.#lines.length >= this.rules.maxLines || room <= 0) {
      this.#cut = true;
      return;
    }
    if (line.text.length > room) this.#cut = true;
    this.#lines.push(line.text.slice(0, room));
    this.#characters += line.text.length + 1;
  }
}
