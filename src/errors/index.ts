/** Errors for the person who reads them: what was wrong, where, and what to do. Stands alone; every room may raise them. */
import { catalogue } from './catalogue.js';

export type { ErrorEntry } from './entry.js';
export { catalogue };
export type ErrorCode = keyof typeof catalogue;

/**
 * An error that Snug foresaw. `message` names what was wrong and where (file, line, topic, tensor); the catalogue adds the
 * general remedy unless a better one is given.
 */
export class SnugError extends Error {
  override readonly name = 'SnugError';
  readonly remedy: string;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { remedy?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = options.remedy ?? catalogue[code].remedy;
  }
}

/** What was thrown, as a line of text: JavaScript lets anything be thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`, …), or undefined. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
