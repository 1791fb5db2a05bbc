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
