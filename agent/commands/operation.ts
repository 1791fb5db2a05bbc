/** What an operation is: a name, a schema for its arguments, and what it does. Adding one is one file, and a line in index.ts. */
import type { z as zod } from 'zod';
import type { Clock } from '../clock.js';
import type { AgentConfig } from '../config/index.js';
import type { LogBook } from '../log.js';
import type { DeadLetters } from '../outbox/index.js';
import type { ProfileControl } from '../profiles/control.js';
import type { RecordTap } from '../record-tap.js';
import type { LaneName } from './lanes.js';

/** An operation's result that says: who comes after this agent tells how it ended. */
export const HANDED_OVER = Symbol('handed over');

/** Names a command. */
export interface CommandName {
  readonly operation: string;
  readonly id: string;
}

/** What starts agents, and outlives them. */
export interface Life {
  /** Ends this agent, and starts another. */
  restart(): void;
  /** Resolves with the result, or HANDED_OVER where another agent must prove the configuration. Rejects with what is wrong. */
  setConfig(set: Record<string, unknown>, by: CommandName, progress: Progress): Promise<unknown>;
}

/** What operations may ask the agent. */
export interface OperationContext {
  readonly config: () => AgentConfig;
  readonly version: string;
  readonly uptimeMs: () => number;
  readonly session: () => number;
  readonly profiles: ProfileControl;
  readonly records: Pick<RecordTap, 'next'>;
  readonly deadLetters: Pick<DeadLetters, 'list' | 'counts'>;
  readonly book: Pick<LogBook, 'recent' | 'follow'>;
  readonly life: Life;
  readonly clock: Clock;
  /** Given when the agent is to end. */
  readonly stopping: AbortSignal;
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
  /** Beside which others it may run; default `changing`. */
  readonly lane?: LaneName;
  /** Arguments that its states do not repeat. */
  readonly unrepeated?: readonly string[];
  /** Gives the result. What it throws becomes the reason of a `failed`. */
  run(
    args: zod.infer<Schema>,
    context: OperationContext & { readonly command: CommandName },
    progress: Progress,
  ): Promise<unknown>;
}

/** Declares an operation, so that `run` gets its arguments typed. */
export function operation<Schema extends zod.ZodType>(declared: Operation<Schema>): Operation {
  return {
    ...declared,
    run: (args, context, progress) => declared.run(declared.arguments.parse(args), context, progress),
  };
}
