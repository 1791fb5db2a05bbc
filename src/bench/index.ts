/** Benchmarks: Snug and its peers measured side by side under the same rules. One folder or file a benchmark. */

import { choicesBenchmark } from './ablation/choices.js';
import { ablationBenchmark } from './ablation/index.js';
import { accuracyBenchmark } from './accuracy/index.js';
import { agentBenchmark } from './agent/index.js';
import { aloneBenchmark } from './alone/index.js';
import type { Benchmark, BenchOptions, BenchResult } from './benchmark.js';
import { costModelBenchmark } from './cost-model/index.js';
import { fitBenchmark } from './fit/index.js';
import { gradientsBenchmark } from './gradients/index.js';
import { describeMachine } from './machine.js';
import { modelsBenchmark } from './models/index.js';
import { paperBenchmark } from './paper/index.js';
import { pipelineBenchmark } from './pipeline/index.js';
import { soakBenchmark } from './soak/index.js';
import { trainBenchmark } from './train/index.js';

export type { Benchmark, BenchOptions, BenchResult } from './benchmark.js';
export { plotOf } from './plot.js';
export { tableOf } from './report.js';
export type { BenchRow } from './row.js';

/** All benchmarks, in the order in which they run when none is named. */
export const benchmarks: readonly Benchmark[] = [
  pipelineBenchmark,
  paperBenchmark,
  modelsBenchmark,
  accuracyBenchmark,
  ablationBenchmark,
  choicesBenchmark,
  costModelBenchmark,
  fitBenchmark,
  gradientsBenchmark,
  trainBenchmark,
  aloneBenchmark,
  agentBenchmark,
  soakBenchmark,
];

export async function runBenchmark(benchmark: Benchmark, options: BenchOptions): Promise<BenchResult> {
  const machine = describeMachine(options.packageRoot);
  return { name: benchmark.name, machine, rows: await benchmark.run(options) };
}
