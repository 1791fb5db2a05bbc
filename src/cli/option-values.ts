/** Option values, checked where they are read. */
import { InvalidArgumentError } from 'commander';
import { parseProfile } from '../bundle/profile-name.js';
import { messageOf } from '../errors/index.js';

/** A profile's name; whether a bundle holds it is another question. */
export function profileName(text: string): string {
  try {
    parseProfile(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(`${messageOf(error)}.`);
  }
}

/** A whole number within bounds. */
export function wholeNumber(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`a whole number from ${lowest} to ${highest} is needed.`);
  };
}

/** A real number within bounds. */
export function shareBetween(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`a number from ${lowest} to ${highest} is needed.`);
  };
}

/** A real number above 0. */
export function aboveZero(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+(e-?\d+)?$/i.test(text) && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number above 0 is needed.');
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** A size in bytes as control groups write it: `512M` is 512 × 2^20, as are `512MB` and `512MiB`. */
export function sizeInBytes(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit?.toLowerCase() ?? ''] ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InvalidArgumentError('a size such as 512M or 2G is needed (M is 2^20 bytes).');
}
