/**
 * Patterns that people write, in RE2's syntax: matched in time that grows with the text and never more, so that no pattern and no
 * text can hold the agent up (RE2 has no backreferences, which is what that costs). The engine is loaded with the first pattern.
 */
import { createRequire } from 'node:module';
import type { RE2JS as Re2 } from 're2js';
import { messageOf } from '../../src/errors/index.js';

/** So much of a text is looked at. */
export const PATTERN_TEXT_CHARACTERS = 8192;
/** A pattern compiles to so many steps at most; what a character costs grows with them. */
const MOST_STEPS = 1000;
const MOST_CHARACTERS = 1000;

export interface Match {
  readonly start: number;
  readonly end: number;
  /** By name; what took no part in the match is left out. */
  readonly groups: Readonly<Record<string, string>>;
}

export interface Pattern {
  test(text: string): boolean;
  /** The first match at or behind a place. */
  find(text: string, from?: number): Match | undefined;
  readonly groupNames: readonly string[];
}

/** Throws an error whose message says what is wrong with the pattern. */
export function compilePattern(source: string): Pattern {
  if (source.length > MOST_CHARACTERS)
    throw new Error(`has ${source.length} characters; a pattern may have ${MOST_CHARACTERS}`);
  const compiled = compile(source);
  if (compiled.programSize() > MOST_STEPS) throw new Error('is too large: it repeats too much, too often');
  const groupNames = Object.keys(compiled.namedGroups());
  return {
    groupNames,
    test: (text) => compiled.test(text.slice(0, PATTERN_TEXT_CHARACTERS)),
    find(text, from = 0) {
      const matcher = compiled.matcher(text.slice(0, PATTERN_TEXT_CHARACTERS));
      if (!matcher.find(from)) return undefined;
      const groups: Record<string, string> = {};
      for (const name of groupNames) {
        const value = matcher.group(name);
        if (value !== null) groups[name] = value;
      }
      return { start: matcher.start(), end: matcher.end(), groups };
    },
  };
}

/** What is wrong with a pattern; undefined where it can be used. */
export function patternProblem(source: string): string | undefined {
  try {
    compilePattern(source);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function compile(source: string): Re2 {
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js');
  try {
    return RE2JS.compile(source, RE2JS.MULTILINE);
  } catch (error) {
    const what = messageOf(error)
      .replace(/^error parsing regexp: /, '')
      .replace('`(?m)', '`'); // the flag is not theirs
    throw new Error(`is no pattern: ${what}`);
  }
}
