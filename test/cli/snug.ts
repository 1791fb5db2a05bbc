/** The compiled `snug`, as its users call it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { ExecutionContext } from 'ava';

const bin = resolve('dist/src/cli/main.js');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export function started(
  t: ExecutionContext,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  base: NodeJS.ProcessEnv = process.env,
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [bin, ...args], { env: { ...base, ...env } });
  t.teardown(() => child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined); // a command that reads no input
  return child;
}

/** Gathers what a process writes until it ends. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const texts = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    texts.out += data;
  });
  child.stderr.on('data', (data) => {
    texts.err += data;
  });
  await once(child, 'close');
  return { code: child.exitCode, ...texts };
}

/** Runs a command to its end. */
export function snug(t: ExecutionContext, args: readonly string[], input: string | Uint8Array = ''): Promise<Ended> {
  const child = started(t, args);
  child.stdin.end(input);
  return ended(child);
}

/** The JSON document that a command prints; the test fails where it does not end well. */
export async function json(t: ExecutionContext, args: readonly string[]) {
  const { code, out, err } = await snug(t, [...args, '--json']);
  t.is(code, 0, err);
  return JSON.parse(out);
}
