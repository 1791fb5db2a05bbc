import { z } from '../../src/protocol/zod.js';
import { type Level, type LogLine, levels } from '../log.js';
import { operation } from './operation.js';

const MOST_LINES = 500;
/** A state stays below the contract's 256 KiB. */
const MOST_BYTES = 128 * 1024;
const LONGEST_S = 300;
/** How often what was followed is told, in ms. */
const TELL_MS = 500;

export const logsTail = operation({
  name: 'logs.tail',
  lane: 'watching',
  description: 'The newest lines of the agent’s log; with followS also those of the seconds to come, as progress.',
  arguments: z.looseObject({
    lines: z.int().min(0).max(MOST_LINES).default(50).meta({ description: 'lines from before' }),
    level: z.enum(['debug', 'info', 'warn', 'error']).default('debug').meta({ description: 'of this level or above' }),
    contains: z.string().max(200).optional().meta({ description: 'only lines that hold this text' }),
    followS: z.int().min(0).max(LONGEST_S).default(0).meta({ description: 'goes on for so many seconds' }),
  }),
  limitMs: (LONGEST_S + 5) * 1000,
  run: async ({ lines, level, contains, followS }, { book, clock, stopping }, progress) => {
    const least = levels.indexOf(level as Level);
    const wanted = (line: LogLine) =>
      levels.indexOf(line.level) >= least &&
      (contains === undefined || `${line.message} ${JSON.stringify(line.fields ?? {})}`.includes(contains));
    const before = book.recent(lines, wanted);
    if (followS === 0) return { lines: withinBytes(before) };
    let untold: LogLine[] = [];
    const followed: LogLine[] = [];
    const end = book.follow((line) => {
      if (!wanted(line) || followed.length >= MOST_LINES) return;
      untold.push(line);
      followed.push(line);
    });
    const untilMs = performance.now() + followS * 1000;
    while (performance.now() < untilMs && followed.length < MOST_LINES && !stopping.aborted) {
      await clock.sleep(Math.min(TELL_MS, Math.max(0, untilMs - performance.now())), stopping);
      if (untold.length > 0) progress({ lines: withinBytes(untold) });
      untold = [];
    }
    end();
    return { lines: withinBytes([...before, ...followed]) };
  },
});

/** The newest lines that one message holds. */
function withinBytes(lines: readonly LogLine[]): readonly LogLine[] {
  let bytes = 0;
  const from = lines.findLastIndex((line) => {
    bytes += Buffer.byteLength(JSON.stringify(line));
    return bytes > MOST_BYTES;
  });
  return lines.slice(from + 1);
}
