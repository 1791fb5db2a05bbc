/**
 * Checks that run native code, each in a process of its own: a processor that onnxruntime does not know, or weights that are
 * not what they seem, can end a process, and the doctor is there to tell of it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bad, type Check } from './check.js';

export type Task =
  | { readonly kind: 'runtime'; readonly name: string }
  | { readonly kind: 'golden'; readonly name: string; readonly folder: string; readonly profile: string };

/** This file runs as JavaScript and, in tests, as TypeScript. */
const program = fileURLToPath(new URL(`./apart-child${extname(import.meta.url)}`, import.meta.url));

/** Runs a check in a child process; one that crashes is a finding. */
export async function checkApart(task: Task): Promise<Check> {
  const child = fork(program, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let found: Check | undefined;
  let said = '';
  child.on('message', (message: Check) => {
    found = message;
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-500);
  });
  const [code, signal] = await once(child, 'close');
  if (found !== undefined) return found;
  const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  return bad(
    task.name,
    `the process that ran it ${how}${said === '' ? '' : `: ${said.trim().split('\n').at(-1)}`}`,
    'Delete the cache folder, it is made anew. Should it happen again, onnxruntime does not run on this processor.',
  );
}
