/** Mosquitto's own programs, as the other end of what is tested: they know nothing of Snug. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';

/** False, with a word in the log, where the programs are not installed: such a test says so and passes. */
export function hasMosquitto(t: ExecutionContext): boolean {
  const there = ['mosquitto', 'mosquitto_sub', 'mosquitto_pub'].every(
    (program) => spawnSync(program, ['--help']).error === undefined,
  );
  if (!there) t.log('NOT TESTED: mosquitto or mosquitto-clients is not installed');
  return there;
}

export interface Seen {
  readonly topic: string;
  /** Parsed where it is JSON; null where it is empty. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every kind
  readonly payload: any;
  readonly retained: boolean;
}

/** How a client gets in: host, port, and further options of mosquitto_sub and mosquitto_pub. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly options: readonly string[];
}

/** Resolves once the condition holds; it is looked at after everything that comes. Fails the test after a long while. */
export class Feed {
  readonly messages: Seen[] = [];
  #waiting: { readonly holds: () => unknown; readonly resolve: () => void }[] = [];

  add(message: Seen): void {
    this.messages.push(message);
    this.#waiting = this.#waiting.filter(({ holds, resolve }) => {
      if (!holds()) return true;
      resolve();
      return false;
    });
  }

  of(end: string): Seen['payload'][] {
    return this.messages.filter(({ topic }) => topic.endsWith(end)).map(({ payload }) => payload);
  }

  /** The states that a command's topic has had, in order. */
  states(operation: string, id: string): string[] {
    return this.of(`/cmd/${operation}/${id}`).flatMap((payload) => (payload?.status ? [payload.status] : []));
  }

  async until(holds: () => unknown, what: string | (() => string)): Promise<void> {
    if (holds()) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const recent = () => this.messages.slice(-8).map(({ topic, payload }) => `${topic} ${JSON.stringify(payload)}`);
      timer = setTimeout(
        () =>
          reject(new Error(`never came: ${typeof what === 'string' ? what : what()}; last:\n${recent().join('\n')}`)),
        40_000,
      );
    });
    try {
      await Promise.race([late, new Promise<void>((resolve) => this.#waiting.push({ holds, resolve }))]);
    } finally {
      clearTimeout(timer);
    }
  }
}

let probes = 0;

/** Follows a topic filter with mosquitto_sub; resolves when the broker has taken the subscription. */
export async function watch(t: ExecutionContext, door: Door, filter: string): Promise<Feed> {
  // A retained message under the last of the subscriptions says that all of them are in force.
  const probe = `snug-test/${process.pid}/${probes++}`;
  await publish(door, probe, 'ready', '-r');
  const at = ['-h', door.host, '-p', String(door.port), ...door.options];
  const child = spawn('mosquitto_sub', ['-V', '5', '-q', '1', '-t', filter, '-t', probe, '-F', '%r %t %x', ...at]);
  t.teardown(() => end(child));
  const feed = new Feed();
  let subscribed = () => {};
  const ready = new Promise<void>((resolve) => {
    subscribed = resolve;
  });
  createInterface(child.stdout).on('line', (line) => {
    const [retained, topic, hex = ''] = line.split(' ');
    if (topic === probe) subscribed();
    else feed.add({ topic, payload: parsed(hex), retained: retained === '1' });
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`mosquitto_sub ended with ${code}`);
  });
  ended.catch(() => undefined);
  await Promise.race([ready, ended]);
  return feed;
}

function parsed(hex: string): unknown {
  const text = Buffer.from(hex, 'hex').toString('utf8');
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Publishes with mosquitto_pub, QoS 1; `more`: its further options (-r: retained). */
export async function publish(door: Door, topic: string, payload: unknown, ...more: string[]): Promise<void> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const at = ['-h', door.host, '-p', String(door.port), ...door.options];
  const what = text === '' ? '-n' : '-s'; // -s: all of stdin
  const child = spawn('mosquitto_pub', ['-V', '5', '-q', '1', '-t', topic, what, ...at, ...more]);
  child.stdin.on('error', () => undefined); // the exit says more than the broken pipe
  child.stdin.end(text);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}`);
}

/** Ends a child process and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
