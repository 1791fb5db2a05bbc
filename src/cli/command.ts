/** What a file in this room gives to main.ts: one command of `snug`. */
import type { Command } from 'commander';

export interface CommandModule {
  /** Adds arguments, options, an example and the action to a command that has its name and summary already. */
  define(command: Command): void;
}

/** Prints a result for machines: one JSON document on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
