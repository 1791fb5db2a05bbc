/** `snug bench train`: how much of onnxruntime's own matrix-multiply rate is left of a training step, all of it counted. */
import { join } from 'node:path';
import { type Checkpoint, openCheckpoint } from '../../checkpoint/index.js';
import { loadCheckpointTokenizer } from '../../infer/checkpoint-tokenizer.js';
import { shapeOf } from '../../model/index.js';
import { defaultRecipe, type Example, fineTune, Parameters, type StepReport } from '../../train/index.js';
import type { Benchmark, BenchOptions } from '../benchmark.js';
import { type BenchRow, type Round, rowOf, unmeasured } from '../row.js';
import { exampleTexts, readClinc150, uniqueTexts } from '../texts.js';
import { flopsOf, Products } from './products.js';

const shapes = {
  share: {
    id: 'step-share',
    what: "a fine-tuning step's products with weights per second of the whole step (forward, backward, dropout, AdamW)",
    unit: 'GFLOP/s',
    against: "the same products in onnxruntime's Gemm alone",
    bar: '>=0.5',
  },
  tokens: { id: 'tokens-per-second', what: 'tokens trained on, padding not counted', unit: 'tokens/s' },
} as const;

const LABELS = 150;
const THREADS = 2;
const DEFAULT_ROUNDS = 12;
/** Sessions and arrays are made in the first steps. */
const WARM_UP = 3;

export const trainBenchmark: Benchmark = {
  name: 'train',
  summary: "a training step beside onnxruntime's own matrix products",
  async run(options: BenchOptions): Promise<readonly BenchRow[]> {
    if (options.checkpoint === undefined)
      return Object.values(shapes).map((shape) => unmeasured(shape, '--checkpoint is not given'));
    return measure(options, options.checkpoint);
  },
};

async function measure(options: BenchOptions, folder: string): Promise<BenchRow[]> {
  const checkpoint = await openCheckpoint(folder);
  const shape = shapeOf(checkpoint);
  const rounds = options.rounds ?? DEFAULT_ROUNDS;
  const recipe = { ...defaultRecipe, epochs: 1 };
  const examples = await examplesFor(options, checkpoint, (rounds + WARM_UP) * recipe.textsPerStep);
  const parameters = await Parameters.withNewHead(checkpoint.tensors, shape, LABELS);
  await checkpoint.close();
  const products = await Products.open(shape, THREADS);
  const shares: Round[] = [];
  const rates: Round[] = [];
  let before = performance.now();
  // The products of a step run right after it, so that both see the same machine.
  const onStep = async ({ step, rows, tokens }: StepReport) => {
    const stepMs = performance.now() - before;
    const gemmMs = await products.run(rows);
    if (step > WARM_UP) {
      const flops = rows.reduce((sum, count) => sum + flopsOf(shape, count), 0);
      shares.push({ value: flops / stepMs / 1e6, reference: flops / gemmMs / 1e6 });
      rates.push({ value: (1000 * tokens) / stepMs });
      options.say(
        `step ${step - WARM_UP} of ${rounds}: ${stepMs.toFixed(0)} ms, its products alone ${gemmMs.toFixed(0)}`,
      );
    }
    before = performance.now();
  };
  try {
    await fineTune(shape, parameters, examples, { recipe, threads: THREADS, onStep });
  } finally {
    await products.close();
  }
  const note = `${recipe.textsPerStep} texts a step, ${THREADS} threads`;
  return [rowOf(shapes.share, shares, note), rowOf(shapes.tokens, rates, note)];
}

/** Real texts; what they are labelled makes no difference to time. */
async function examplesFor(
  { dataFolder, packageRoot }: BenchOptions,
  checkpoint: Checkpoint,
  count: number,
): Promise<Example[]> {
  const texts = dataFolder ? uniqueTexts(readClinc150(dataFolder)) : await exampleTexts(join(packageRoot, 'examples'));
  const tokenizer = await loadCheckpointTokenizer(checkpoint);
  return Array.from({ length: count }, (_, i) => ({
    ids: tokenizer.encode(texts[i % texts.length]).ids,
    label: i % LABELS,
  }));
}
