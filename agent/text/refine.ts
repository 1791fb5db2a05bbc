/** From a framed piece to a record's text: the field picked, filters, the last records as context. */
import { FieldReader } from './fields.js';
import { compilePattern, type Pattern } from './pattern.js';
import type { Piece } from './piece.js';

/** What a source's text goes through; the keys are declared in options.ts. */
export interface TextRules {
  readonly pick?: {
    readonly pattern?: string;
    readonly text?: string;
    readonly ids?: Readonly<Record<string, string>>;
    readonly otherwise?: 'leave-out' | 'keep';
  };
  readonly include?: readonly FilterRule[];
  readonly exclude?: readonly FilterRule[];
  /** So many records make up a text: the newest, then those before it. */
  readonly window?: number;
}

/** A pattern over the text, or over a field of the record. */
export type FilterRule = string | { readonly field: string; readonly pattern: string };

/** Why a piece is no record, by configuration; each is counted. `unreadable`: without the field that `pick` names. */
export type LeftOutCause = 'unreadable' | 'filtered';

/** A piece with what `pick.ids` found in it. */
export type Refined = (Piece & { readonly ids?: Readonly<Record<string, string>> }) | LeftOutCause;

/** Characters of a text with its context. */
const WINDOW_CHARACTERS = 8192;

interface Filter {
  readonly field: string | undefined;
  readonly pattern: Pattern;
}

/** Refines the pieces of one source, in order. */
export class Refiner {
  readonly #pattern: Pattern | undefined;
  readonly #textField: string | undefined;
  readonly #ids: readonly (readonly [name: string, field: string])[];
  readonly #include: readonly Filter[];
  readonly #exclude: readonly Filter[];
  readonly #plain: boolean;
  /** Nothing is to be done: nearly every stream of lines. */
  readonly #idle: boolean;
  #before: string[] = [];

  constructor(private readonly rules: TextRules) {
    const { pick, include = [], exclude = [] } = rules;
    this.#pattern = pick?.pattern === undefined ? undefined : compilePattern(pick.pattern);
    this.#textField = pick?.text ?? (this.#pattern?.groupNames.includes('text') ? 'text' : undefined);
    this.#ids = Object.entries(pick?.ids ?? {});
    this.#include = include.map(filterOf);
    this.#exclude = exclude.map(filterOf);
    this.#plain = this.#pattern === undefined && this.#textField === undefined && this.#ids.length === 0;
    this.#idle = this.#plain && this.#include.length === 0 && this.#exclude.length === 0 && (rules.window ?? 1) === 1;
  }

  refine(piece: Piece): Refined {
    if (this.#idle) return piece;
    const fields = new FieldReader(piece.text, piece.fields, this.#pattern);
    const picked = this.#plain ? piece : this.#picked(piece, fields);
    if (typeof picked === 'string') return picked;
    const matches = ({ field, pattern }: Filter) =>
      pattern.test(field === undefined ? picked.text : (fields.get(field) ?? ''));
    if (this.#include.length > 0 && !this.#include.some(matches)) return 'filtered';
    if (this.#exclude.some(matches)) return 'filtered';
    return this.#withContext(picked);
  }

  #picked(piece: Piece, fields: FieldReader): Refined {
    const text = this.#textField === undefined ? piece.text : fields.get(this.#textField);
    const missing =
      text === undefined || text.trim() === '' || (this.#pattern !== undefined && fields.groups === undefined);
    if (missing && this.rules.pick?.otherwise !== 'keep') return 'unreadable';
    const ids: Record<string, string> = {};
    for (const [name, field] of this.#ids) {
      const value = fields.identifier(field);
      if (value !== undefined) ids[name] = value;
    }
    return { ...piece, text: text || piece.text, ...(this.#ids.length > 0 && { ids }) };
  }

  /** The newest first: a text that is too long for the model loses its end. */
  #withContext<T extends Piece>(piece: T): T {
    const { window = 1 } = this.rules;
    if (window <= 1) return piece;
    const texts = [piece.text, ...this.#before];
    this.#before = texts.slice(0, window - 1).map((text) => text.slice(0, WINDOW_CHARACTERS));
    return { ...piece, text: texts.join('\n').slice(0, Math.max(WINDOW_CHARACTERS, piece.text.length)) };
  }
}

function filterOf(rule: FilterRule): Filter {
  return typeof rule === 'string'
    ? { field: undefined, pattern: compilePattern(rule) }
    : { field: rule.field, pattern: compilePattern(rule.pattern) };
}
