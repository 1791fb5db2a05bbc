/** The agent's log: JSON lines on stderr, or lines for a person where stderr is a terminal. */
import { createRequire } from 'node:module';
import type { Logger } from 'pino';

// As CommonJS: through the ES module loader it costs more memory.
const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');

/** What the agent's parts write to. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];

/** A log at the level that `SNUG_LOG` says, `info` by default. */
export function createLog(): Log {
  const wanted = process.env.SNUG_LOG ?? '';
  const level = LEVELS.includes(wanted) ? wanted : 'info';
  const options = { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime };
  const toStderr = pino.destination({ fd: 2, sync: true });
  return process.stderr.isTTY
    ? pino(options, { write: (line: string) => process.stderr.write(forPerson(line)) })
    : pino(options, toStderr);
}

const names: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** `12:00:01 warn the broker … {fields}` */
function forPerson(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line);
  const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
  return `${String(time).slice(11, 19)} ${names[level] ?? level} ${msg}${more}\n`;
}
