/** The best weights that a run has had so far, on disk. */
import { stat } from 'node:fs/promises';
import { SafetensorsFile } from '../checkpoint/index.js';
import type { Parameters } from './parameters.js';
import { openOwn, writeOwn } from './training-state.js';

export interface Score {
  /** Share of eval rows that are right. */
  readonly accuracy: number;
  readonly step: number;
}

export class BestWeights {
  private constructor(
    private readonly path: string,
    private readonly run: string,
    private held: Score | undefined,
    private reachedAt = 0,
  ) {}

  /** @param run names what the weights belong to; those of another run don't count */
  static async open(path: string, run: string): Promise<BestWeights> {
    if (!(await stat(path).catch(() => undefined))) return new BestWeights(path, run, undefined);
    const file = await openOwn(path);
    const { metadata } = file;
    await file.close();
    if (metadata.run !== run) return new BestWeights(path, run, undefined);
    const score = { accuracy: Number(metadata.accuracy), step: Number(metadata.step) };
    return new BestWeights(path, run, score, Number(metadata.reachedAt));
  }

  get score(): Score | undefined {
    return this.held;
  }

  /** The step at which nothing better has come since. */
  get reachedAtStep(): number {
    return this.reachedAt;
  }

  /** Keeps these weights where none were better; of two that are as good, the later ones. @throws SAFETENSORS_WRITE, DISK_FULL */
  async offer(parameters: Parameters, score: Score): Promise<void> {
    if (this.held && this.held.accuracy > score.accuracy) return;
    if (!this.held || this.held.accuracy < score.accuracy) this.reachedAt = score.step;
    await writeWeights(this.path, parameters, {
      run: this.run,
      accuracy: String(score.accuracy),
      step: String(score.step),
      reachedAt: String(this.reachedAt),
    });
    this.held = score;
  }

  /** Brings them back into the parameters, where there are some. */
  async restore(parameters: Parameters): Promise<void> {
    if (!this.held) return;
    const file = await SafetensorsFile.open(this.path);
    try {
      for (const { name, values } of parameters) values.set(await file.read(name));
    } finally {
      await file.close();
    }
  }
}

/** All parameters under their own names, in float32, written beside their place and renamed there. @throws SAFETENSORS_WRITE, DISK_FULL */
export async function writeWeights(
  path: string,
  parameters: Parameters,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const tensors = [...parameters].map(({ name, shape, values }) => ({
    name,
    dtype: 'F32' as const,
    shape,
    chunks: () => [new Uint8Array(values.buffer, values.byteOffset, values.byteLength)],
  }));
  await writeOwn(path, tensors, metadata);
}
