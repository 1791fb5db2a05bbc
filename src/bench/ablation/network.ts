/** The network under comparison: a checkpoint, masters cut from it in different ways, and their slices as sessions. */
import { rm } from 'node:fs/promises';
import { networkSizes } from '../../build/calibration.js';
import { encodedUpTo, sampled } from '../../build/calibration-texts.js';
import { measureRanges } from '../../build/embed.js';
import { describeModel, encoderTensors } from '../../build/encoder-master.js';
import { countsOf, describeShapes, shapesOf } from '../../build/shapes.js';
import { type Bits, formatProfile, networkOf } from '../../bundle/index.js';
import { Master, planFrom, tensorOf, writeMaster, writeProfile } from '../../bundle/making.js';
import { type CalibrateOptions, correct, type FitSteps, orderNetwork, type Shape } from '../../calibrate/index.js';
import { type Checkpoint, openCheckpoint } from '../../checkpoint/index.js';
import { type Arrangement, arranged } from '../../compress/arrange.js';
import { loadCheckpointTokenizer } from '../../infer/checkpoint-tokenizer.js';
import { EncoderSession } from '../../infer/index.js';
import type { EncoderOptions } from '../../model/index.js';
import type { Tokenizer } from '../../tokenizer/index.js';
import { modelTokenizer } from '../../tokenizer/model-tokenizer.js';

/** As many as `snug build` takes. */
const CALIBRATION_TOKENS = 32_768;
const TEXTS_PER_TOKEN = 3000 / CALIBRATION_TOKENS;
const RANGE_TEXTS = 256;
const SEED = 1;

/** How a master is cut. */
export interface Cut {
  /** Absent: as the checkpoint has it. */
  readonly arrangement?: Arrangement;
  readonly shapes: readonly Shape[];
  readonly fit: FitSteps;
  readonly standInRank?: number;
  readonly restoringRidge?: number;
  readonly calibrationTokens?: number;
}

export interface SliceUnderTest {
  readonly master: string;
  readonly shape: Shape;
  readonly bits: Bits;
  readonly options?: Partial<EncoderOptions>;
}

export class NetworkUnderTest {
  private constructor(
    readonly checkpoint: Checkpoint,
    readonly tokenizer: Tokenizer,
    readonly threads: number,
  ) {}

  /** @throws CHECKPOINT_…, TOKENIZER_… */
  static async open(folder: string, threads: number): Promise<NetworkUnderTest> {
    const checkpoint = await openCheckpoint(folder);
    const tokenizer = modelTokenizer(await loadCheckpointTokenizer(checkpoint), checkpoint.tokenizer.lowerCaseFirst);
    return new NetworkUnderTest(checkpoint, tokenizer, threads);
  }

  close(): Promise<void> {
    return this.checkpoint.close();
  }

  /** What is worth keeping first by these texts, for every shape that a build makes. */
  order(texts: readonly string[], say: (line: string) => void): Promise<Arrangement> {
    return orderNetwork(this.calibration(texts, shapesOf('fast'), CALIBRATION_TOKENS, say));
  }

  /** Writes a master as a build stores it: weights, corrections, and what evens out 8-bit activations. */
  async writeCut(path: string, texts: readonly string[], cut: Cut, say: (line: string) => void): Promise<void> {
    const { checkpoint } = this;
    const { arrangement, shapes, fit: steps, calibrationTokens = CALIBRATION_TOKENS, ...more } = cut;
    const source = arrangement ? arranged(checkpoint.tensors, arrangement) : checkpoint.tensors;
    const encoder = encoderTensors(checkpoint, source, { head: false });
    const options = { ...this.calibration(texts, shapes, calibrationTokens, say), source, steps, ...more };
    const isPlain = !(steps.normalisation || steps.standIns || steps.restoring);
    const corrections = isPlain ? [] : [...(await correct(options)).tensors('fp16', 2 * checkpoint.config.layers)];
    const plain = `${path}.plain`;
    await writeMaster(plain, [...encoder, ...corrections], 'fp16');
    const ranges = await this.rangesOf(plain, texts);
    await writeMaster(path, [...encoder, ...corrections, ...ranges], 'fp16');
    await rm(plain);
  }

  /** Runs a slice, which gives pooled vectors; `weightBytes` is what the profile takes. */
  async withSlice<Result>(
    { master: path, shape, bits, options: more }: SliceUnderTest,
    use: (session: EncoderSession, weightBytes: number) => Promise<Result>,
  ): Promise<Result> {
    const { shape: encoder, options, slice } = this.describe(shape, bits);
    const { head: _, ...headless } = options;
    const master = await Master.open(path);
    const folder = `${path}.profile`;
    try {
      const { plan, source } = await planFrom(master, { shape: encoder, options: { ...headless, ...more }, slice });
      const { modelPath, weightBytes } = await writeProfile(plan, source, folder);
      const session = await EncoderSession.open(modelPath, { threads: this.threads });
      try {
        return await use(session, weightBytes);
      } finally {
        await session.release();
      }
    } finally {
      await master.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async rangesOf(master: string, texts: readonly string[]) {
    const rows = sampled(texts, RANGE_TEXTS, SEED).map((text) => this.tokenizer.encode(text).ids);
    const whole: SliceUnderTest = { master, shape: { width: 1, prune: 0 }, bits: 32, options: { ranges: true } };
    const found = await this.withSlice(whole, (session) => measureRanges(session, rows, this.checkpoint.config.layers));
    return [...found].map(([name, values]) => tensorOf(name, [values.length], values));
  }

  private describe(shape: Shape, bits: Bits) {
    const { config, maxTokens, tokenizer, pooling } = this.checkpoint;
    const profile = formatProfile({ ...shape, bits });
    const manifest = {
      model: describeModel(this.checkpoint),
      tokenizer: { maxTokens, lowerCaseFirst: tokenizer.lowerCaseFirst },
      pooling,
      head: { kind: 'fitted', problem: 'single', prototypes: 0 } as const,
      labels: [],
      shapes: describeShapes('fast', config, true),
      ladder: [{ profile, params: 0, weightBytes: 0, macsPerToken: 0 }],
    };
    return networkOf(manifest, profile);
  }

  private calibration(
    texts: readonly string[],
    shapes: readonly Shape[],
    tokens: number,
    say: (line: string) => void,
  ): CalibrateOptions {
    const { config, tensors } = this.checkpoint;
    return {
      source: tensors,
      network: networkSizes(config),
      rows: encodedUpTo(sampled(texts, Math.round(tokens * TEXTS_PER_TOKEN), SEED), this.tokenizer, tokens),
      shapes,
      countsOf: (shape) => countsOf(shape, config),
      threads: this.threads,
      onProgress: (phase, done, total) => say(`${phase} ${done} of ${total}`),
    };
  }
}
