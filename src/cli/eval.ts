import type { Command } from 'commander';
import { type Bundle, DEFAULT_PROFILE, openBundle } from '../bundle/index.js';
import { readRows } from '../data/index.js';
import { type Evaluation, evaluate } from '../evaluate/index.js';
import { cutApart } from '../fit/index.js';
import { printJson } from './command.js';
import { table } from './ladder-table.js';
import { profileName } from './option-values.js';
import { StepLine } from './step-line.js';

interface Options {
  readonly data: string;
  readonly profile: string;
  readonly compare?: string;
  readonly json?: true;
}

export function define(command: Command): void {
  command
    .argument('<bundle>', 'folder of an elastic bundle')
    .requiredOption('--data <file>', 'labelled rows')
    .option('--profile <profile>', 'compression profile by name', profileName, DEFAULT_PROFILE)
    .option('--compare <profile>', 'a second profile, asked the same rows in turn with the first', profileName)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Example:
  snug eval bundle --data test.tsv --profile w1.00-p0.00-q8 --compare w1.00-p0.00-q32

Answers every row, one at a time and at its own length, on one thread. Rows whose label is the bundle's refusal label
belong to no label: they count as right where they are refused.`,
    )
    .action(run);
}

async function run(folder: string, options: Options): Promise<void> {
  const bundle: Bundle = await openBundle(folder);
  const rows = await readRows(options.data);
  const line = new StepLine(process.stderr);
  // In a process of their own: what cutting leaves in a heap would be measured with the profile.
  for (const profile of [options.profile, options.compare ?? []].flat()) await cutApart(bundle, profile);
  let result: Evaluation;
  try {
    result = await evaluate(bundle, {
      file: options.data,
      rows,
      profile: options.profile,
      compare: options.compare,
      onProgress: (done, total) => line.update('evaluating', done, total),
    });
  } finally {
    line.clear();
  }
  if (options.json) printJson(result);
  else process.stdout.write(describe(result));
}

const percent = (share: number | null) => (share === null ? '–' : `${(100 * share).toFixed(2)} %`);
const megabytes = (bytes: number | null) => (bytes === null ? '–' : `${(bytes / 1e6).toFixed(1)} MB`);

function describe(result: Evaluation): string {
  const { latencyMs } = result;
  const rows: [string, string][] = [
    ['rows', String(result.rows)],
    ['accuracy, all rows', percent(result.accuracy)],
    ['macro F1', percent(result.macroF1)],
    ['in scope, refusal off', percent(result.inScopeTop1)],
    ['in scope, refusal on', percent(result.inScopeAccuracy)],
    ['out of scope, refused', percent(result.outOfScopeRecall)],
    [
      'latency p50, p95, p99',
      [latencyMs.p50, latencyMs.p95, latencyMs.p99].map((ms) => `${ms.toFixed(2)} ms`).join(', '),
    ],
    ['weights', megabytes(result.weightBytes)],
    ['memory, anonymous and all', `${megabytes(result.rssAnonBytes)}, ${megabytes(result.rssBytes)}`],
  ];
  if (result.compare) {
    const { profile, accuracy, agreement, latencyRatio } = result.compare;
    rows.push([`against ${profile}`, `accuracy ${percent(accuracy)}, agreement ${percent(agreement)}`]);
    rows.push(['', `latency ${latencyRatio.toFixed(2)} of it`]);
  }
  return table([result.profile, ''], rows);
}
