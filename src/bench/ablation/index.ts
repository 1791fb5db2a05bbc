/**
 * `snug bench ablation`: what each step of the cutting brings, on CLINC150 and SST-2. Nothing is trained but heads; every row's
 * head is fitted anew on the vectors of its own slice, so that rows differ in one thing. docs/compression.md shows the result.
 */
import type { Benchmark } from '../benchmark.js';
import type { BenchRow } from '../row.js';
import { clinc150, sst2 } from './data.js';
import { picturesOf } from './pictures.js';
import { rowsOf } from './rows.js';
import { measureTask } from './task.js';
import { withNetwork } from './workbench.js';

export const ablationBenchmark: Benchmark = {
  name: 'ablation',
  summary:
    'what each step of cutting brings, in accuracy, on CLINC150 and SST-2 (a long one; goes on where it was stopped)',
  run: (options) =>
    withNetwork(options, 'ablation', async (bench) => {
      const rows: BenchRow[] = [];
      for (const task of [clinc150(bench.dataFolder), sst2(bench.dataFolder)])
        rows.push(...rowsOf(task, await measureTask(task, bench)));
      return rows;
    }),
  pictures: picturesOf,
};
