/** What an operation is: a name, a schema for its arguments, and what it does. Adding one is one file, and a line in index.ts. */
import type { z as zod } from 'zod';
import type { AgentConfig } from '../config/index.js';

/** What operations may ask the agent. */
export interface OperationContext {
  readonly config: AgentConfig;
  readonly version: string;
  readonly uptimeMs: () => number;
  readonly session: () => number;
}

export interface Operation<Schema extends zod.ZodType = zod.ZodType> {
  /** Its place in the topic: `cmd/<name>`. */
  readonly name: string;
  readonly description: string;
  /** What may stand beside `status` in the command. Unknown fields are kept, so this is a loose object. */
  readonly arguments: Schema;
  /** Gives the result. What it throws becomes the reason of a `failed`. */
  run(args: zod.infer<Schema>, context: OperationContext): Promise<unknown>;
}

/** Declares an operation, so that `run` gets its arguments typed. */
export function operation<Schema extends zod.ZodType>(declared: Operation<Schema>): Operation {
  return {
    ...declared,
    run: (args, context) => declared.run(declared.arguments.parse(args), context),
  };
}
