/** `snug build`: the steps in their order. */
import { mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { bitWidths, formatProfile, type Manifest, runtimeVersion } from '../bundle/index.js';
import { Master, refuseForeign, removeLeftovers, type Store, writeBundle, writeMaster } from '../bundle/making.js';
import { FORMAT } from '../bundle/manifest.js';
import { type Checkpoint, openCheckpoint } from '../checkpoint/index.js';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { loadCheckpointTokenizer } from '../infer/checkpoint-tokenizer.js';
import { instructionSet } from '../profile/processor.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { modelTokenizer } from '../tokenizer/model-tokenizer.js';
import { describeModel, encoderTensors } from './encoder-master.js';
import { evaluateProfiles } from './evaluate.js';
import { goldenLines } from './golden.js';
import { type HeadResult, keepHead, trainHead } from './head-step.js';
import { tokenizerJson } from './tokenizer-json.js';
import { readTrainingData, type TrainingData } from './training-data.js';

export interface BuildOptions {
  readonly checkpoint: string;
  readonly output: string;
  /** Labelled rows; without them the checkpoint's own head is kept. */
  readonly data?: string;
  readonly evaluation?: string;
  /** The label of rows that belong to no label. */
  readonly none?: string;
  /** Share of in-scope eval rows that may be refused at most. */
  readonly refuse: number;
  readonly store: Store;
  readonly seed: number;
  readonly threads: number;
  /** For the manifest. */
  readonly version: string;
  readonly command: string;
  readonly onProgress: (phase: string, done: number, total: number, detail?: string) => void;
  /** Told of doubts about the data before anything long begins. */
  readonly onWarning?: (warning: string) => void;
}

export interface BuildResult {
  readonly manifest: Manifest;
  readonly rows: number;
  readonly seconds: number;
}

/** What the steps hand to each other. */
export interface Workshop {
  readonly options: BuildOptions;
  readonly checkpoint: Checkpoint;
  readonly folder: string;
  readonly tokenizer: Tokenizer;
}

/**
 * Builds a bundle. The old one at `output` stays until the new one is whole.
 * @throws CHECKPOINT_…, DATA_…, TOKENIZER_…, BUNDLE_WRITE, DISK_FULL
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const started = performance.now();
  const checkpoint = await openCheckpoint(options.checkpoint);
  let folder: string | undefined;
  try {
    const tokenizer = await loadCheckpointTokenizer(checkpoint);
    const tokenizerFile = await tokenizerJson(checkpoint, tokenizer);
    const data = await readTrainingData(options);
    for (const warning of data?.warnings ?? []) options.onWarning?.(warning);
    if (!data && !checkpoint.head) throw nothingToClassify(checkpoint.folder);
    await refuseForeign(resolve(options.output));
    folder = await workFolder(options.output);
    const read = modelTokenizer(tokenizer, checkpoint.tokenizer.lowerCaseFirst);
    const workshop: Workshop = { options, checkpoint, folder, tokenizer: read };
    const manifest = await assemble(workshop, data, tokenizerFile);
    return { manifest, rows: data?.rows.length ?? 0, seconds: (performance.now() - started) / 1000 };
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true });
    await checkpoint.close();
  }
}

const nothingToClassify = (folder: string) =>
  new SnugError('USAGE', `${folder}: the checkpoint has no classification head, and no --data to fit one on`, {
    remedy: 'Give labelled rows with --data FILE and --eval FILE.',
  });

async function workFolder(output: string): Promise<string> {
  const target = resolve(output);
  try {
    const prefix = `.${basename(target)}.work.`;
    await removeLeftovers(dirname(target), prefix);
    return await mkdtemp(join(dirname(target), `${prefix}${process.pid}-`));
  } catch (error) {
    const code = systemCodeOf(error) === 'ENOSPC' ? 'DISK_FULL' : 'BUNDLE_WRITE';
    throw new SnugError(code, `${dirname(target)}: ${messageOf(error)}`, { cause: error });
  }
}

async function assemble(workshop: Workshop, data: TrainingData | undefined, tokenizer: Uint8Array): Promise<Manifest> {
  const { options, checkpoint, folder } = workshop;
  const head = data ? await trainHead(workshop, data) : await keepHead(workshop);
  const masterPath = join(folder, 'master.safetensors');
  const ownHead = (name: string) => name.startsWith('head.');
  const encoder = encoderTensors(checkpoint).filter(({ name }) => !data || !ownHead(name));
  await writeMaster(masterPath, [...encoder, ...head.tensors], options.store);
  const draft = await draftManifest(workshop, data, head);
  const master = await Master.open(masterPath);
  try {
    const profiles = await evaluateProfiles(workshop, master, draft, data);
    const manifest = {
      ...draft,
      calibrations: Object.fromEntries(profiles.map(({ rung, calibration }) => [rung.profile, calibration])),
      ladder: profiles.map(({ rung }) => rung),
    };
    const golden = await goldenLines(workshop, master, manifest, data);
    return await writeBundle(options.output, { manifest, masterPath, tokenizer, golden });
  } finally {
    await master.close();
  }
}

/** A manifest before its files are known. */
export type DraftManifest = Omit<Manifest, 'files'>;

/** The wanted label, underlined until no other label is called so: a refusal must not look like an answer. */
function freeLabel(wanted: string, labels: readonly string[]): string {
  return labels.includes(wanted) ? freeLabel(`${wanted}_`, labels) : wanted;
}

async function draftManifest(
  workshop: Workshop,
  data: TrainingData | undefined,
  head: HeadResult,
): Promise<DraftManifest> {
  const { options, checkpoint } = workshop;
  const identity = await checkpoint.identity();
  const empty = { params: 0, weightBytes: 0, macsPerToken: 0 };
  return {
    format: FORMAT,
    tool: { name: 'snug', version: options.version },
    command: options.command,
    created: new Date().toISOString(),
    seed: options.seed,
    checkpoint: { ...identity, weights: [...identity.weights] },
    model: describeModel(checkpoint),
    tokenizer: { maxTokens: checkpoint.maxTokens, lowerCaseFirst: checkpoint.tokenizer.lowerCaseFirst },
    pooling: checkpoint.pooling,
    store: options.store,
    head: head.description,
    labels: head.labels,
    noneLabel: options.none ?? freeLabel('none', head.labels),
    data: data && { train: data.trainFile, eval: data.evalFile, refuse: options.refuse },
    calibrations: {},
    bits: [...bitWidths],
    measured: { instructionSet: instructionSet(), runtime: `onnxruntime ${runtimeVersion()}`, threads: 1 },
    ladder: bitWidths.map((bits) => ({ profile: formatProfile({ width: 1, prune: 0, bits }), ...empty })),
  };
}
