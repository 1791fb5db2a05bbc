/** A value that was read, with where it came from. */
export interface Reading<T> {
  /** Null where it is unknown, or where there is none. */
  readonly value: T | null;
  /** The file that it came from, or the reasoning; where the value is null, why. */
  readonly source: string;
  /** That there is none is known (no limit, no quota). Without it, null means unknown. */
  readonly none?: true;
}

export const known = <T>(value: T, source: string): Reading<T> => ({ value, source });

export const unknown = (why: string): Reading<never> => ({ value: null, source: `unknown: ${why}` });

export const none = (why: string): Reading<never> => ({ value: null, source: `none: ${why}`, none: true });

/** A whole number of at most 2^53 - 1 as the kernel writes it, or null: no sign, no fraction, nothing else on the line. */
export function wholeNumber(text: string): number | null {
  const trimmed = text.trim();
  const value = Number(trimmed);
  return /^\d{1,16}$/.test(trimmed) && Number.isSafeInteger(value) ? value : null;
}

/** What stood there instead of a value, short enough for a line. */
export function quoted(text: string): string {
  return text.trim() === '' ? 'is empty' : `says ${JSON.stringify(shortened(text))}`;
}

/** A name or value as a file has it, short enough for a line. */
export function shortened(text: string, most = 40): string {
  const trimmed = text.trim();
  return trimmed.length > most ? `${trimmed.slice(0, most)}…` : trimmed;
}
