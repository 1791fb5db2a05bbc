#!/usr/bin/env node
// Builds the demo bundle and the stream that the demo replays:
//   node scripts/build-demo.mjs CHECKPOINT SNUG_DATA [LEARNT]
// CHECKPOINT is all-MiniLM-L6-v2, SNUG_DATA a folder with clinc150/data_full.json. The bundle sees no test row. What is learnt, in half an
// hour on two cores, stays in the folder LEARNT where one is given, and is taken from there.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [checkpoint, data, learnt] = process.argv.slice(2);
if (!data) {
  process.stderr.write('usage: node scripts/build-demo.mjs CHECKPOINT SNUG_DATA [LEARNT]\n');
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const all = JSON.parse(readFileSync(join(data, 'clinc150', 'data_full.json'), 'utf8'));
const lines = (rows) => rows.map(([text, label]) => `${text}\t${label}\n`).join('');
const work = mkdtempSync(join(tmpdir(), 'snug-demo-'));
try {
  writeFileSync(join(work, 'train.tsv'), lines(all.train));
  writeFileSync(join(work, 'eval.tsv'), lines([...all.val, ...all.oos_val]));
  const files = ['--data', 'train.tsv', '--eval', 'eval.tsv', '--none', 'oos'];
  const output = join(root, 'examples', 'clinc150', 'bundle');
  const snug = join(root, 'dist', 'src', 'cli', 'main.js');
  const args = [
    'build',
    resolve(checkpoint),
    ...files,
    '--recipe',
    'full',
    '--store',
    'q8',
    '--vocab',
    '15500',
    '--seed',
    '1',
    '-o',
    output,
    ...(learnt ? ['--training', resolve(learnt)] : []),
  ];
  execFileSync(process.execPath, [snug, ...args], { cwd: work, stdio: 'inherit' });
  // Test rows, in scope and out of scope, in a fixed order that mixes the labels.
  const test = [...all.test, ...all.oos_test];
  const stride = 2221; // coprime to 5,500
  const shuffled = test.map((_, index) => test[(index * stride) % test.length]);
  writeFileSync(join(root, 'examples', 'clinc150', 'stream.tsv'), lines(shuffled));
} finally {
  rmSync(work, { recursive: true, force: true });
}
