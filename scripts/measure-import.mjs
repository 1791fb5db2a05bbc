#!/usr/bin/env node
// What a package costs at start-up, each in a process of its own: time to import it, anonymous memory it leaves.
//   node scripts/measure-import.mjs zod valibot
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const RUNS = 7;
const anonymous = () => Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

if (process.argv[2] === '--one') {
  const [memory, started] = [anonymous(), performance.now()];
  await import(process.argv[3]);
  const ms = performance.now() - started;
  process.stdout.write(JSON.stringify({ ms, mebibytes: anonymous() - memory }));
} else
  for (const name of process.argv.slice(2)) {
    const self = [process.argv[1], '--one', name];
    const runs = Array.from({ length: RUNS }, () => JSON.parse(String(execFileSync(process.execPath, self))));
    const [ms, mebibytes] = ['ms', 'mebibytes'].map((key) => median(runs.map((run) => run[key])));
    process.stdout.write(`${name}: ${ms.toFixed(0)} ms, ${mebibytes.toFixed(1)} MiB anonymous\n`);
  }
