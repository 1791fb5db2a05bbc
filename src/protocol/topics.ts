/** Topic names: `snug/v1/<device>/…`, built and taken apart in one place. */
export const ROOT = 'snug/v1';

/** The longest device, source, operation or command name, in characters. */
const LONGEST_NAME = 128;

/** What is wrong with a name that is to be one level of a topic (and of a folder), or undefined. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > LONGEST_NAME) return `has ${name.length} characters; at most ${LONGEST_NAME} are allowed`;
  if (/[+#/]/.test(name)) return "holds '+', '#' or '/', which mean something in MQTT topics";
  if (/[\p{Cc}\p{Cs}]/u.test(name)) return 'holds a control character or half of a surrogate pair';
  if (name === '.' || name === '..' || name !== name.trim()) return 'is a dot name or has space at an end';
  return undefined;
}

/** The topics of one device. Names are checked where they come in (nameProblem), not again here. */
export function topics(device: string) {
  const root = `${ROOT}/${device}`;
  return {
    root,
    status: `${root}/status`,
    info: `${root}/info`,
    telemetry: `${root}/telemetry`,
    event: `${root}/event`,
    result: (source: string) => `${root}/result/${source}`,
    capability: (operation: string) => `${root}/cmd/${operation}`,
    command: (operation: string, id: string) => `${root}/cmd/${operation}/${id}`,
  };
}

/** The filter that an agent subscribes to for its commands; a requester uses it too, to see their states. */
export function commandFilter(device: string): string {
  return `${ROOT}/${device}/cmd/+/+`;
}

/** A topic taken apart. */
export type Topic =
  | { readonly kind: 'status' | 'info' | 'telemetry' | 'event'; readonly device: string }
  | { readonly kind: 'result'; readonly device: string; readonly source: string }
  | { readonly kind: 'capability'; readonly device: string; readonly operation: string }
  | { readonly kind: 'command'; readonly device: string; readonly operation: string; readonly id: string };

/** Takes a topic apart; undefined where it is none of ours or a level of it is no valid name. */
export function parseTopic(topic: string): Topic | undefined {
  if (!topic.startsWith(`${ROOT}/`)) return undefined;
  const levels = topic.slice(ROOT.length + 1).split('/');
  if (levels.some((level) => nameProblem(level) !== undefined)) return undefined;
  const [device, kind, first, second] = levels;
  if (levels.length === 2 && (kind === 'status' || kind === 'info' || kind === 'telemetry' || kind === 'event'))
    return { kind, device };
  if (levels.length === 3 && kind === 'result') return { kind, device, source: first };
  if (levels.length === 3 && kind === 'cmd') return { kind: 'capability', device, operation: first };
  if (levels.length === 4 && kind === 'cmd') return { kind: 'command', device, operation: first, id: second };
  return undefined;
}
