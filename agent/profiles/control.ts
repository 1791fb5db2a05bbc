/** What commands may do with profiles. */
import type { SwapFigures } from '../hot-swap.js';
import type { BenchmarkOptions, BenchmarkResult } from './benchmark.js';

/** How a command left the profile. The figures are of the swap, where there was one. */
export interface ProfileAnswer extends Partial<SwapFigures> {
  readonly profile: string;
  readonly reason: string;
}

export interface ProfileControl {
  pin(profile: string): Promise<ProfileAnswer>;
  auto(): Promise<ProfileAnswer>;
  benchmark(
    options: BenchmarkOptions,
    progress: (progress: Readonly<Record<string, unknown>>) => void,
  ): Promise<BenchmarkResult>;
}
