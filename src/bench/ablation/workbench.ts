/** What the benchmarks of this folder work with: a checkpoint, data, and a notebook that outlives a stopped run. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Workplace } from '../../build/workplace.js';
import { runtimeVersion } from '../../bundle/index.js';
import { SnugError } from '../../errors/index.js';
import { makeFolder } from '../../files/index.js';
import { instructionSet } from '../../profile/processor.js';
import type { BenchOptions } from '../benchmark.js';
import { NetworkUnderTest } from './network.js';

export interface Bench {
  readonly network: NetworkUnderTest;
  /** What was measured so far, on disk: a run that was stopped goes on. */
  readonly notebook: Workplace;
  readonly dataFolder: string;
  readonly say: (line: string) => void;
}

/** Opens the checkpoint, and a notebook of what was measured; that goes when all is done. @throws BENCH_DATA, BENCH_SETUP */
export async function withNetwork<Result>(
  { checkpoint, dataFolder, cacheFolder, say }: BenchOptions,
  name: string,
  use: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  if (dataFolder === undefined)
    throw new SnugError('BENCH_DATA', 'no labelled rows to measure with: SNUG_DATA is not set');
  if (checkpoint === undefined)
    throw new SnugError('BENCH_SETUP', 'no checkpoint to cut', {
      remedy: 'Give --checkpoint or set SNUG_CHECKPOINT to a folder with all-MiniLM-L6-v2.',
    });
  const network = await NetworkUnderTest.open(checkpoint, availableParallelism());
  try {
    await makeFolder(cacheFolder);
    const { weights } = await network.checkpoint.identity();
    const notebook = await Workplace.notebook(join(cacheFolder, name), {
      checkpoint: weights,
      data: dataFolder,
      machine: [runtimeVersion(), instructionSet()],
    });
    const result = await use({ network, notebook, dataFolder, say });
    await notebook.remove();
    return result;
  } finally {
    await network.close();
  }
}
