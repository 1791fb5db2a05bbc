/**
 * Whether what `snug export` writes gives transformers.js the answers that Snug gives: exports a profile, asks both about the first
 * texts of a file, one at a time, and compares labels with refusal ignored. Needs `npm ci --prefix scripts/bench` once.
 *
 *   node scripts/bench/check-export.mjs BUNDLE --data FILE [--profile P]... [--rows 200]
 *
 * Prints one JSON line a profile: {profile, rows, same, largestScoreDifference}; exits with 1 where a label differs.
 * Refusal is ignored by comparing with the best label; scores are compared after the bundle's temperature is taken into account,
 * for bundles with one label a text.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load } from '../../dist/src/index.js';

const usage = 'usage: node scripts/bench/check-export.mjs BUNDLE --data FILE [--profile P]... [--rows 200]\n';

const { values: options, positionals } = readArguments();
const [bundle] = positionals;
const rows = Number(options.rows);
if (!bundle || positionals.length > 1 || !options.data || !Number.isSafeInteger(rows) || rows < 1) wrongUse();

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        profile: { type: 'string', multiple: true, default: ['w1.00-p0.00-q8'] },
        rows: { type: 'string', default: '200' },
      },
    });
  } catch (error) {
    return wrongUse(`${error.message}\n`);
  }
}

function wrongUse(what = '') {
  process.stderr.write(what + usage);
  process.exit(2);
}

const { env, pipeline } = await import('@huggingface/transformers').catch(() => {
  process.stderr.write('transformers.js is not installed here: npm ci --prefix scripts/bench\n');
  process.exit(1);
});
env.allowRemoteModels = false;
env.useFSCache = false;

const snug = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const texts = readFileSync(options.data, 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .slice(0, rows)
  .map((line) => line.split('\t')[0]);

const folder = mkdtempSync(join(tmpdir(), 'snug-export-'));
try {
  for (const profile of options.profile) {
    const found = await compare(profile, join(folder, profile));
    process.stdout.write(`${JSON.stringify(found)}\n`);
    if (found.same !== found.rows) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compare(profile, exported) {
  execFileSync(process.execPath, [snug, 'export', bundle, '--onnx', exported, '--profile', profile]);
  env.localModelPath = dirname(exported);
  const classify = await pipeline('text-classification', basename(exported), { dtype: 'fp32', local_files_only: true });
  const model = await load(bundle, { profile });
  const { temperature } = JSON.parse(readFileSync(join(exported, 'config.json'), 'utf8')).snug;
  let same = 0;
  let largestScoreDifference = 0;
  for (const text of texts) {
    const [{ logits }] = await model.answers([text]);
    const best = logits.indexOf(Math.max(...logits));
    const scores = await classify(text, { top_k: null });
    if (scores[0].label === model.labels[best]) same++;
    else process.stderr.write(`${profile}: ${JSON.stringify(text)}: ${model.labels[best]}, here ${scores[0].label}\n`);
    const [{ score }] = await model.predict([text]);
    const difference = Math.abs(score - sharpened(scores, temperature));
    largestScoreDifference = Math.max(largestScoreDifference, difference);
  }
  await model.close();
  await classify.dispose();
  return { profile, rows: texts.length, same, largestScoreDifference: Number(largestScoreDifference.toFixed(6)) };
}

/** The best score as it is with the temperature: probabilities to the power of 1 / T, brought to a sum of 1. */
function sharpened(scores, temperature) {
  const powers = scores.map(({ score }) => score ** (1 / temperature));
  return powers[0] / powers.reduce((sum, power) => sum + power, 0);
}
