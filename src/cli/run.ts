import type { Command } from 'commander';
import { createSource } from '../../agent/sources/index.js';
import { parseSources } from '../../agent/sources/spec.js';
import { type Bundle, isCached, openBundle } from '../bundle/index.js';
import { keepHeapSmall, loadProfile } from '../infer/index.js';
import { profileName, wholeNumber } from './option-values.js';
import { runStream, summaryOf } from './run-stream.js';
import { untilStopped } from './until-stopped.js';

interface RunOptions {
  profile: string;
  source?: string[];
  json?: true;
  threads?: number;
  batch?: number;
}

export function define(command: Command): void {
  command
    .argument('<bundle>', 'folder of an elastic bundle')
    .option('--profile <profile>', 'compression profile by name, or auto', profileOrAuto, 'auto')
    .option(
      '--source <source>',
      'stdin, file:PATH, follow:PATH, serial:PATH?baudRate=115200, tcp:PORT or another kind (docs/agent.md); may be given again (default: stdin)',
      (spec: string, before: string[] = []) => [...before, spec],
    )
    .option('--json', 'one JSON object a prediction')
    .option('--threads <number>', 'threads inside one operator (default: 1)', wholeNumber(1, 256))
    .option('--batch <number>', 'texts answered together at most (default: 32)', wholeNumber(1, 1024))
    .addHelpText(
      'after',
      `
Examples:
  echo 'what is my balance' | snug run bundle
  snug run bundle --json --source follow:/var/log/syslog
  snug run bundle --source 'serial:/dev/ttyUSB0?baudRate=115200'
  snug run bundle --source 'mqtt:sensors/#?url=mqtt://127.0.0.1:1883&pick.text=/message'

Every line is a record, unless framing.by says otherwise. Ctrl-C answers what was read and ends; a second one ends at once.`,
    )
    .action(run);
}

async function run(bundle: string, options: RunOptions): Promise<void> {
  keepHeapSmall();
  const named = await parseSources(options.source ?? []);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const opened = await openBundle(bundle);
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  const profile = await readyProfile(opened, options, (note) => say(`snug: ${note}`));
  const model = await loadProfile(opened, { ...threads, profile });
  try {
    const { stats, problem } = await runStream({
      model,
      sources: named.map(({ name, options: each }) => ({ ...each, source: createSource(name, each) })),
      json: options.json === true,
      maxBatch: options.batch,
      out: process.stdout,
      say,
      stopped: untilStopped(),
    });
    const summary = summaryOf(stats, process.stderr.isTTY);
    if (summary !== undefined) say(summary);
    if (problem !== undefined || stats.failed > 0) process.exitCode = 1;
  } finally {
    await model.close();
  }
}

/** The profile to serve, cut and in the cache. */
async function readyProfile(
  bundle: Bundle,
  { profile, threads }: Pick<RunOptions, 'profile' | 'threads'>,
  onNote: (note: string) => void,
): Promise<string> {
  if (profile !== 'auto' && (await isCached(bundle, profile))) return profile;
  // Only a person who waits wants to know what is done meanwhile.
  const onProgress = process.stderr.isTTY ? onNote : () => undefined;
  const { chooseAuto, cutApart } = await import('../fit/auto.js');
  if (profile !== 'auto') {
    await cutApart(bundle, profile, onProgress);
    return profile;
  }
  const chosen = await chooseAuto(bundle, { ...(threads !== undefined && { threads }), onNote, onProgress });
  onNote(`${chosen.profile}: ${chosen.reason}`);
  return chosen.profile;
}

const profileOrAuto = (text: string) => (text === 'auto' ? text : profileName(text));
