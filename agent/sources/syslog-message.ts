/** Syslog messages taken apart: RFC 5424, RFC 3164, and what devices send that keeps to neither. */
import type { Fields } from './source.js';

export interface SyslogMessage {
  readonly text: string;
  /** `facility`, `severity`, `host`, `app`, `pid`, `msgid`, `sentAt`, and `sd.ID.NAME`, as far as they are known. */
  readonly fields: Fields;
}

const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp'],
  ...['audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];

/** Parameters of structured data that are kept; more are text that nobody names. */
const MOST_PARAMETERS = 32;
/** A longer header is none: the parts have lengths in the standard that add up to less. */
const LONGEST_HEADER = 1024;

/** Never fails: what has no header is all text. */
export function parseSyslog(line: string): SyslogMessage {
  const [whole, digits] = /^<(\d{1,3})>/.exec(line) ?? [];
  const priority = Number(digits);
  if (whole === undefined || priority > 191) return { text: line, fields: {} };
  const rest = line.slice(whole.length);
  const fields = { facility: FACILITIES[priority >> 3], severity: SEVERITIES[priority & 7] };
  return parse5424(rest, fields) ?? parse3164(rest, fields);
}

/** `VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]` [RFC 5424, 6] */
function parse5424(rest: string, known: Fields): SyslogMessage | undefined {
  const head = rest.slice(0, LONGEST_HEADER);
  const [whole, sentAt, host, app, pid, msgid] =
    /^[1-9]\d{0,2} (\S{1,40}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) /.exec(head) ?? [];
  if (whole === undefined) return undefined;
  const data = structuredData(rest, whole.length);
  if (data === undefined) return undefined;
  const fields: Record<string, string> = { ...known };
  for (const [name, value] of Object.entries({ sentAt, host, app, pid, msgid }))
    if (value !== '-') fields[name] = value;
  return { text: rest.slice(data.end).replace(/^ ?\ufeff?/, ''), fields: { ...fields, ...data.fields } };
}

/** `-`, or `[ID NAME="VALUE" …]…`, where `"`, `\` and `]` in a value stand behind a `\` [RFC 5424, 6.3]. */
function structuredData(text: string, from: number): { fields: Record<string, string>; end: number } | undefined {
  const fields: Record<string, string> = {};
  if (text[from] === '-') return { fields, end: from + 1 };
  let at = from;
  let count = 0;
  while (text[at] === '[') {
    const [opening, id] = matchAt(/\[([^\s=\]"]{1,32})/y, text, at);
    if (opening === undefined) return undefined;
    at += opening.length;
    while (text[at] === ' ') {
      const [parameter, name, value] = matchAt(/ +([^\s=\]"]{1,32})="((?:[^"\\]|\\[\s\S])*)"/y, text, at);
      if (parameter === undefined) break;
      if (count++ < MOST_PARAMETERS) fields[`sd.${id}.${name}`] = value.replace(/\\(["\\\]])/g, '$1');
      at += parameter.length;
    }
    const [closing] = matchAt(/ *\]/y, text, at);
    if (closing === undefined) return undefined;
    at += closing.length;
  }
  return at === from ? undefined : { fields, end: at };
}

function matchAt(pattern: RegExp, text: string, at: number): readonly string[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}

/** `Mmm dd hh:mm:ss HOSTNAME TAG: CONTENT` [RFC 3164, 4.1], each part only where it is there. */
function parse3164(rest: string, known: Fields): SyslogMessage {
  const fields: Record<string, string> = { ...known };
  let text = rest;
  const [time, sentAt] =
    /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d)?) /.exec(text) ?? [];
  if (time !== undefined) {
    fields.sentAt = sentAt;
    text = text.slice(time.length);
    const [host, name] = /^([\w.:-]{1,255}) (?=[\w./-]{1,64}(?:\[[^\]\s]{0,64}\])?:)/.exec(text) ?? [];
    if (host !== undefined) {
      fields.host = name;
      text = text.slice(host.length);
    }
  }
  const [tag, app, pid] = /^([\w./-]{1,64})(?:\[([^\]\s]{0,64})\])?: ?/.exec(text) ?? [];
  if (tag === undefined) return { text, fields };
  fields.app = app;
  if (pid) fields.pid = pid;
  return { text: text.slice(tag.length), fields };
}
