/**
 * The agent's log on stderr: lines for a person where stderr is a terminal, lines with a priority where it is the systemd
 * journal, JSON lines otherwise. Bounded in rate, without secrets, and the newest lines can be looked at (`logs.tail`).
 */
import { createRequire } from 'node:module';
import type { Logger } from 'pino';

// As CommonJS: through the ES module loader it costs more memory.
const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');

/** What the agent's parts write to. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** One line as `logs.tail` gives it. */
export interface LogLine {
  readonly ts: string;
  readonly level: Level;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export const levels: readonly Level[] = ['debug', 'info', 'warn', 'error'];
const names: Record<number, Level> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };
/** What the journal calls them [sd-daemon(3)]. */
const priorities: Record<Level, number> = { debug: 7, info: 6, warn: 4, error: 3 };

const LINES_KEPT = 500;
const LONGEST_LINE = 4096;
/** Lines a second on average, and at once. */
const LINES_PER_SECOND = 20;
const BURST = 200;
/** A shorter secret would take words apart that are none. */
const SHORTEST_SECRET = 4;

export type LogStyle = 'person' | 'journal' | 'json';

export interface LogBookOptions {
  readonly level: Level | 'silent';
  readonly style: LogStyle;
  readonly write: (text: string) => void;
  readonly nowMs?: () => number;
}

/** A log with its newest lines. */
export class LogBook {
  readonly log: Log;
  readonly #options: LogBookOptions;
  readonly #nowMs: () => number;
  readonly #lines: LogLine[] = [];
  readonly #listeners = new Set<(line: LogLine) => void>();
  readonly #secrets = new Set<string>();
  #tokens = BURST;
  #filledAtMs: number;
  #leftOut = 0;

  constructor(options: LogBookOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#filledAtMs = this.#nowMs();
    const { level } = options;
    this.log = pino(
      { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
      { write: (json: string) => this.#take(json) },
    );
  }

  /** From now on this text is written as `***`. */
  hide(secret: string | undefined): void {
    if (secret !== undefined && secret.length >= SHORTEST_SECRET) this.#secrets.add(secret);
  }

  /** The newest lines, oldest first. */
  recent(count: number, wanted: (line: LogLine) => boolean = () => true): LogLine[] {
    return count === 0 ? [] : this.#lines.filter(wanted).slice(-count);
  }

  /** Calls for each line from now on; the answer ends that. */
  follow(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(json: string): void {
    const { level, time, msg, ...fields } = JSON.parse(this.#masked(json));
    const line: LogLine = {
      ts: time,
      level: names[level] ?? 'error',
      message: String(msg).slice(0, LONGEST_LINE),
      ...(Object.keys(fields).length > 0 && { fields }),
    };
    if (!this.#mayWrite()) {
      this.#leftOut++;
      return;
    }
    if (this.#leftOut > 0) {
      const count = this.#leftOut;
      this.#leftOut = 0;
      this.#write({ ts: time, level: 'warn', message: `${count} lines were left out: too many at once` });
    }
    this.#write(line);
  }

  #write(line: LogLine): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    for (const listener of this.#listeners) listener(line);
    this.#options.write(textOf(line, this.#options.style));
  }

  #masked(json: string): string {
    let text = json;
    for (const secret of this.#secrets) text = text.replaceAll(JSON.stringify(secret).slice(1, -1), '***');
    return text;
  }

  #mayWrite(): boolean {
    const nowMs = this.#nowMs();
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#filledAtMs) * LINES_PER_SECOND) / 1000);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** The process's own log, at the level that `SNUG_LOG` says, `info` by default. */
export function createLogBook(): LogBook {
  const wanted = process.env.SNUG_LOG ?? '';
  const level = wanted === 'silent' ? wanted : (levels.find((each) => each === wanted) ?? 'info');
  const style = process.stderr.isTTY ? 'person' : process.env.JOURNAL_STREAM === undefined ? 'json' : 'journal';
  const toStderr = pino.destination({ fd: 2, sync: true });
  return new LogBook({ level, style, write: (text) => toStderr.write(text) });
}

/** The same where nobody looks at its newest lines. */
export function createLog(): Log {
  return createLogBook().log;
}

function textOf({ ts, level, message, fields }: LogLine, style: LogStyle): string {
  const more = fields ? ` ${JSON.stringify(fields)}` : '';
  switch (style) {
    case 'person':
      return `${ts.slice(11, 19)} ${level} ${message}${more}\n`;
    case 'journal':
      // A line of its own each, whatever stands in the message.
      return `<${priorities[level]}>${`${message}${more}`.replaceAll('\n', ' ')}\n`;
    case 'json':
      return `${JSON.stringify({ level: numberOf(level), time: ts, ...fields, msg: message })}\n`;
  }
}

function numberOf(level: Level): number {
  return Number(Object.keys(names).find((number) => names[Number(number)] === level));
}
