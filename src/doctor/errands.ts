/**
 * Checks that run native code, each in a process of its own: a processor that onnxruntime does not know, or weights that are
 * not what they seem, can end a process, and the doctor is there to tell of it.
 */
import { apart } from '../apart/index.js';
import { messageOf } from '../errors/index.js';
import { bad, type Check } from './check.js';

export type Task =
  | { readonly kind: 'runtime'; readonly name: string }
  | { readonly kind: 'golden'; readonly name: string; readonly folder: string; readonly profile: string };

const program = new URL('./errands-child', import.meta.url);

/** Makes a check in a process of its own; one that crashes is a finding. */
export async function checkApart(task: Task): Promise<Check> {
  let found: Check | undefined;
  try {
    await apart<Task, Check>(
      { program, task, what: 'run it' },
      {
        onSaid: (said) => {
          found = said;
        },
      },
    );
  } catch (error) {
    return found ?? bad(task.name, messageOf(error), REMEDY);
  }
  return found ?? bad(task.name, 'the process that was to run it said nothing', REMEDY);
}

const REMEDY =
  'Delete the cache folder, it is made anew. Should it happen again, onnxruntime does not run on this processor.';
