/** What an operation is: a name, a schema for its arguments, and what it does. Adding one is one file, and a line in index.ts. */
import type { z as zod } from 'zod';
import type { AgentConfig } from '../config/index.js';
import type { ProfileControl } from '../profiles/control.js';

/** What operations may ask the agent. */
export interface OperationContext {
  readonly config: AgentConfig;
  readonly version: string;
  readonly uptimeMs: () => number;
  readonly session: () => number;
  readonly profiles: ProfileControl;
}

/** Tells how far an operation is, in its `executing` state. */
export type Progress = (progress: Readonly<Record<string, unknown>>) => void;

export interface Operation<Schema extends zod.ZodType = zod.ZodType> {
  /** Its place in the topic: `cmd/<name>`. */
  readonly name: string;
  readonly description: string;
  /** What may stand beside `status` in the command. Unknown fields are kept, so this is a loose object. */
  readonly arguments: Schema;
  /** How long it may take; default 60 s. */
  readonly limitMs?: number;
  /** Gives the result. What it throws becomes the reason of a `failed`. */
  run(args: zod.infer<Schema>, context: OperationContext, progress: Progress): Promise<unknown>;
}

/** Declares an operation, so that `run` gets its arguments typed. */
export function operation<Schema extends zod.ZodType>(declared: Operation<Schema>): Operation {
  return {
    ...declared,
    run: (args, context, progress) => declared.run(declared.arguments.parse(args), context, progress),
  };
}
