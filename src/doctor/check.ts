/** One finding of the doctor. */
import { messageOf, SnugError } from '../errors/index.js';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What to do; null where nothing needs to be done. */
  readonly remedy: string | null;
}

export const good = (name: string, detail: string): Check => ({ name, ok: true, detail, remedy: null });

export const bad = (name: string, detail: string, remedy: string): Check => ({ name, ok: false, detail, remedy });

/** A check that throws has found something too. */
export async function settled(name: string, make: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await make();
  } catch (error) {
    const remedy =
      error instanceof SnugError ? error.remedy : 'SNUG_LOG=debug snug doctor shows more; please report it.';
    return bad(name, messageOf(error), remedy);
  }
}
