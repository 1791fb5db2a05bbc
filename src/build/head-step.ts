/** The head of a build: fitted on the data, or the checkpoint's own. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../bundle/index.js';
import { Master, type MasterTensor, writeMaster, writeProfile } from '../bundle/making.js';
import type { Row } from '../data/index.js';
import { EncoderSession } from '../infer/index.js';
import { planEncoder, shapeOf } from '../model/index.js';
import { seededRandom } from '../train/index.js';
import type { Workshop } from './build.js';
import { embedUnit, measureRanges } from './embed.js';
import { encoderTensors, tensorOf } from './encoder-master.js';
import { fitHead } from './fit-head.js';
import type { TrainingData } from './training-data.js';

export interface HeadResult {
  /** What goes into the master beside the encoder: the head where it was fitted, and the ranges of activations. */
  readonly tensors: readonly MasterTensor[];
  readonly labels: string[];
  readonly description: Manifest['head'];
}

/** Texts, or made-up ones, over which the ranges of activations are measured. */
const CALIBRATION_TEXTS = 256;

/** Fits a head on the vectors that the stored weights give, which are those that a board will compute. */
export async function trainHead(workshop: Workshop, data: TrainingData): Promise<HeadResult> {
  const { options, checkpoint, tokenizer } = workshop;
  const { labels } = data;
  const inScope = data.evalRows.filter(({ label }) => label !== options.none);
  return withEncoder(workshop, async (session) => {
    const total = data.rows.length + inScope.length;
    const embed = (rows: readonly Row[], offset: number) =>
      embedUnit(
        session,
        tokenizer,
        rows.map(({ text }) => text),
        (done) => options.onProgress('embedding', offset + done, total),
      );
    const train = await embed(data.rows, 0);
    const evaluation = await embed(inScope, data.rows.length);
    const numbers = new Map(labels.map((label, index) => [label, index]));
    const classesOf = (rows: readonly { label: string }[]) => rows.map(({ label }) => numbers.get(label) ?? 0);
    const head = await fitHead(
      { vectors: train, classes: classesOf(data.rows) },
      { vectors: evaluation, classes: classesOf(inScope) },
      labels.length,
      {
        seed: options.seed,
        threads: options.threads,
        onProgress: (detail) => options.onProgress('fitting', 0, 0, detail),
      },
    );
    const sample = sampled(data.rows, options.seed).map((row) => tokenizer.encode(row.text).ids);
    return {
      tensors: [...head.tensors, ...(await ranges(session, sample, checkpoint.config.layers))],
      labels: [...labels],
      description: {
        kind: 'fitted',
        problem: 'single',
        prototypes: head.prototypes,
        inverseRegularisation: head.inverseRegularisation,
      },
    };
  });
}

/** Keeps the head that the checkpoint has. Without any text, random pieces of the vocabulary show how large channels get. */
export async function keepHead(workshop: Workshop): Promise<HeadResult> {
  const { checkpoint, tokenizer, options } = workshop;
  const { head, config } = checkpoint;
  if (!head) throw new Error('a checkpoint without head reached keepHead');
  return withEncoder(workshop, async (session) => {
    const random = seededRandom(options.seed);
    const empty = tokenizer.encode('').ids;
    const room = checkpoint.maxTokens - empty.length;
    const rows = Array.from({ length: CALIBRATION_TEXTS }, () => {
      const length = Math.min(room, 4 + Math.floor(random() * 24));
      const pieces = Array.from({ length }, () => Math.floor(random() * tokenizer.vocabSize));
      return [...empty.slice(0, 1), ...pieces, ...empty.slice(1)];
    });
    return {
      tensors: await ranges(session, rows, config.layers),
      labels: [...head.labels],
      description: { kind: 'checkpoint', problem: head.problem, prototypes: 0, activation: head.activation },
    };
  });
}

/** Opens the stored encoder, without head, in float32, and takes it away afterwards. */
async function withEncoder<Result>(
  workshop: Workshop,
  use: (session: EncoderSession) => Promise<Result>,
): Promise<Result> {
  const { options, checkpoint, folder } = workshop;
  const path = join(folder, 'encoder.safetensors');
  const profile = join(folder, 'encoder');
  options.onProgress('reading the checkpoint', 0, 0);
  await writeMaster(path, encoderTensors(checkpoint), options.store);
  const master = await Master.open(path);
  try {
    const plan = planEncoder(shapeOf(checkpoint), { bits: 32, pooling: checkpoint.pooling, ranges: true });
    const { modelPath } = await writeProfile(plan, master, profile);
    const session = await EncoderSession.open(modelPath, { threads: options.threads });
    try {
      return await use(session);
    } finally {
      await session.release();
    }
  } finally {
    await master.close();
    await rm(path, { force: true });
    await rm(profile, { recursive: true, force: true });
  }
}

async function ranges(
  session: EncoderSession,
  rows: readonly (readonly number[])[],
  layers: number,
): Promise<MasterTensor[]> {
  const found = await measureRanges(session, rows, layers);
  return [...found].map(([name, values]) => tensorOf(name, [values.length], values));
}

/** Rows drawn without repeats, the same for the same seed. */
function sampled<Item>(items: readonly Item[], seed: number): Item[] {
  const random = seededRandom(seed);
  const rest = [...items];
  const chosen: Item[] = [];
  while (rest.length > 0 && chosen.length < CALIBRATION_TEXTS)
    chosen.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return chosen;
}
