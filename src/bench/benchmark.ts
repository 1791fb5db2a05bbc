/** What a benchmark is: a name, and a way to its rows. */
import type { Machine } from './machine.js';
import type { BenchRow } from './row.js';

export interface BenchOptions {
  /** A Hugging Face folder; benchmarks that need none ignore it. */
  readonly checkpoint?: string;
  /** A bundle made of that checkpoint; else one is built into the cache. */
  readonly bundle?: string;
  /** What a build with `--training` left, for the benchmark that trains. */
  readonly training?: string;
  /** A file with a reference library's gradients, for the benchmark that reads one. */
  readonly fixture?: string;
  /** Interleaved rounds a comparison; each benchmark has its own default. */
  readonly rounds?: number;
  /** Where peers, models and built bundles are kept. */
  readonly cacheFolder: string;
  /** Snug's own package folder, with package.json, scripts/ and dist/. */
  readonly packageRoot: string;
  /** Development data (CLINC150 and others), where there is some. */
  readonly dataFolder?: string;
  /** A line on what is being done now, for the person who waits. */
  readonly say: (line: string) => void;
}

export interface Benchmark {
  readonly name: string;
  readonly summary: string;
  /** Measures. A part that can't be measured gives an unmeasured row, not an exception. */
  run(options: BenchOptions): Promise<readonly BenchRow[]>;
  /** SVG pictures beside the plot that every benchmark has, by name without ending; drawn from the rows alone. */
  readonly pictures?: (rows: readonly BenchRow[]) => Readonly<Record<string, string>>;
}

export interface BenchResult {
  readonly name: string;
  readonly machine: Machine;
  readonly rows: readonly BenchRow[];
}
