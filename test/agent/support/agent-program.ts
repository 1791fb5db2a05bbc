/** `snug agent` as a user starts it: a process of its own, at any configuration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { end } from './mosquitto-tools.js';

/** What stands before the command's name. */
export const program = ['--import=tsx', resolve('src/cli/main.ts')];

/** Starts it; it is ended with the test. `said` is what it wrote to stderr. */
export function startProgram(t: ExecutionContext, config: string): ChildProcess & { readonly said: () => string } {
  const child = spawn(process.execPath, [...program, 'agent', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => end(child));
  let text = '';
  child.stderr?.on('data', (data) => {
    text += data;
  });
  return Object.assign(child, { said: () => text });
}
