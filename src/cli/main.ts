#!/usr/bin/env node
/** The `snug` command: finds the command's file, and turns what is thrown into a few lines and an exit code. */
import { Command, CommanderError } from 'commander';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import type { CommandModule } from './command.js';
import { version } from './version.js';

/** Name, summary, and the file that is loaded only when the command is called: start-up time is part of the product. */
const commands: readonly (readonly [name: string, summary: string, load: () => Promise<CommandModule>])[] = [
  [
    'agent',
    'Classify streams of text on this machine and publish the predictions over MQTT.',
    () => import('./agent.js'),
  ],
  ['bench', 'Measure Snug side by side with its peers.', () => import('./bench.js')],
  ['broker', 'Run the embedded MQTT broker.', () => import('./broker.js')],
  ['build', 'Build an elastic bundle from a checkpoint and labelled data.', () => import('./build.js')],
  ['demo', 'Run broker, agent and a replayed stream on this machine.', () => import('./demo.js')],
  ['doctor', 'Check this machine, and a bundle on it.', () => import('./doctor.js')],
  ['info', 'Show what a bundle holds.', () => import('./info.js')],
  ['embed', 'Print token ids and vectors of texts.', () => import('./embed.js')],
  ['eval', 'Measure a profile on labelled rows.', () => import('./eval.js')],
  ['export', 'Write a profile as a folder for onnxruntime and transformers.js.', () => import('./export.js')],
  ['fetch', 'Download a checkpoint from a hub.', () => import('./fetch.js')],
  ['fit', 'Say which profile fits a board, and why.', () => import('./fit.js')],
  ['run', 'Classify lines of text from stdin, files or serial ports.', () => import('./run.js')],
];

/** Errors of whoever wrote the command line. */
const WRONG_USE: ReadonlySet<string> = new Set(['USAGE', 'BOARD_UNKNOWN']);

/** Prints a failure as a user should see it; `SNUG_LOG=debug` adds the stack and the causes. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2; // commander has printed it already
  const lines = [`snug: ${messageOf(thrown)}`];
  if (thrown instanceof SnugError) lines.push(`  what to do: ${thrown.remedy} [${thrown.code}]`);
  else lines.push('  this is not an error that Snug foresaw; SNUG_LOG=debug shows where it came from');
  if (process.env.SNUG_LOG === 'debug' && thrown instanceof Error)
    lines.push(thrown.stack ?? '', String(thrown.cause ?? ''));
  process.stderr.write(`${lines.join('\n')}\n`);
  return thrown instanceof SnugError && WRONG_USE.has(thrown.code) ? 2 : 1;
}

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('snug')
    .description('Fits a text transformer to the board that has to run it.')
    .version(version())
    .showHelpAfterError('(add --help for how it is used)')
    .exitOverride();
  const wanted = argv.find((word) => !word.startsWith('-'));
  for (const [name, summary, load] of commands) {
    const command = program.command(name).description(summary).exitOverride();
    if (name === wanted) (await load()).define(command);
  }
  if (argv.length === 0) {
    program.outputHelp({ error: true });
    return 2;
  }
  await program.parseAsync(argv, { from: 'user' });
  return 0;
}

// Whoever reads the output may leave at any time. Commands that go on writing listen too, and say what it means to them.
process.stdout.on('error', (error) => {
  if (systemCodeOf(error) === 'EPIPE' || process.stdout.listenerCount('error') > 1) return;
  process.exitCode = report(new SnugError('OUTPUT_FAILED', `standard output: ${messageOf(error)}`, { cause: error }));
});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode ||= code;
  },
  (thrown: unknown) => {
    process.exitCode = report(thrown);
  },
);
