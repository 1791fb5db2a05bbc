/**
 * The states of a command, as in thin-edge.io's command workflow: `init` (written by the requester) → `executing` →
 * `successful` or `failed` (written by the agent). Only the requester clears the topic, with an empty message.
 */
import type { z as zod } from 'zod';
import { envelope } from './envelope.js';
import { z } from './zod.js';

export const commandStatuses = ['init', 'executing', 'successful', 'failed'] as const;

/** Written by the requester: the arguments stand beside `status`. */
export const commandInit = z.looseObject({
  ...envelope,
  status: z.literal('init'),
  expiresAt: z.iso
    .datetime()
    .optional()
    .meta({ description: 'after this time the command is answered failed, not run' }),
});

const executing = z.looseObject({ ...envelope, status: z.literal('executing'), progress: z.unknown().optional() });
const successful = z.looseObject({ ...envelope, status: z.literal('successful'), result: z.unknown().optional() });
const failed = z.looseObject({
  ...envelope,
  status: z.literal('failed'),
  code: z.string(),
  error: z.string().optional().meta({ description: 'where the operation itself failed: its code in docs/errors.md' }),
  reason: z.string(),
});

/** On a command's topic: the first is the requester's, the others the agent's. */
export const commandMessage = z.discriminatedUnion('status', [commandInit, executing, successful, failed]);

export type CommandInit = zod.infer<typeof commandInit>;

/**
 * Why a command failed. `invalid-message`: no message of this contract; `interrupted`: the agent ended while it ran;
 * `busy`: too many wait; `error`: the operation itself failed.
 */
export type CommandFailure =
  | 'invalid-message'
  | 'unknown-operation'
  | 'invalid-arguments'
  | 'expired'
  | 'busy'
  | 'interrupted'
  | 'error';

/** How a command ended. */
export type CommandOutcome =
  | { readonly status: 'successful'; readonly result?: unknown }
  | { readonly status: 'failed'; readonly code: CommandFailure; readonly error?: string; readonly reason: string };

export function isFinal(status: string): status is 'successful' | 'failed' {
  return status === 'successful' || status === 'failed';
}

/** The JSON Schema (2020-12) of a command's arguments, for its capability message. */
export function argumentsJsonSchema(schema: zod.ZodType): Record<string, unknown> {
  return { ...z.toJSONSchema(schema, { io: 'input' }) };
}
