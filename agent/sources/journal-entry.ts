/** One entry of the journal, as `journalctl -o json` writes it. */
import type { Fields } from './source.js';

export interface JournalEntry {
  readonly cursor: string;
  /** The message: text, or bytes where it is not all printable. Empty where the entry has none. */
  readonly body: string | Buffer;
  readonly fields: Fields;
}

const NAMES: Readonly<Record<string, string>> = {
  _SYSTEMD_UNIT: 'unit',
  _SYSTEMD_USER_UNIT: 'userUnit',
  SYSLOG_IDENTIFIER: 'app',
  _PID: 'pid',
  _HOSTNAME: 'host',
  _TRANSPORT: 'transport',
  MESSAGE_ID: 'msgid',
};
const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** Undefined where the line is no entry. */
export function entryOf(line: Buffer): JournalEntry | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line.toString());
  } catch {
    return undefined;
  }
  if (typeof entry !== 'object' || entry === null) return undefined;
  const value = (name: string): unknown => Reflect.get(entry, name);
  const cursor = value('__CURSOR');
  if (typeof cursor !== 'string') return undefined;
  const fields: Record<string, string> = {};
  for (const [name, ours] of Object.entries(NAMES)) {
    const found = value(name);
    if (typeof found === 'string') fields[ours] = found;
  }
  const severity = SEVERITIES[Number(value('PRIORITY') ?? Number.NaN)];
  if (severity !== undefined) fields.severity = severity;
  const microseconds = Number(value('__REALTIME_TIMESTAMP'));
  if (microseconds > 0 && microseconds < 8.64e18) fields.sentAt = new Date(microseconds / 1000).toISOString();
  return { cursor, body: bodyOf(value('MESSAGE')), fields };
}

/** Several values of one field come as a list; bytes come as a list of numbers. */
function bodyOf(message: unknown): string | Buffer {
  if (typeof message === 'string') return message;
  if (!Array.isArray(message)) return '';
  if (message.every((each) => typeof each === 'number')) return Buffer.from(message);
  return message.map((each) => String(bodyOf(each))).join('\n');
}
