/** `snug build`: the steps in their order. */
import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type Manifest, runtimeVersion, sha256OfBytes, sha256OfFile } from '../bundle/index.js';
import { Master, refuseForeign, type Store, writeBundle, writeMaster } from '../bundle/making.js';
import { FORMAT } from '../bundle/manifest.js';
import { type Checkpoint, openCheckpoint, type TensorSource } from '../checkpoint/index.js';
import { SnugError } from '../errors/index.js';
import { loadCheckpointTokenizer } from '../infer/checkpoint-tokenizer.js';
import { instructionSet } from '../profile/processor.js';
import { writeReport } from '../report/index.js';
import { imageOf } from '../tokenizer/image.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { modelTokenizer } from '../tokenizer/model-tokenizer.js';
import { readUnlabelled } from './calibration-texts.js';
import { type DraftManifest, draftManifest, withFoundShapes } from './draft-manifest.js';
import { makeEncoder } from './encoder-step.js';
import { type EvaluatedProfile, evaluateProfiles, withDominated } from './evaluate.js';
import { goldenLines } from './golden.js';
import { fitHeads } from './heads.js';
import { TOKENIZER } from './measure-memory.js';
import type { Inputs } from './owner.js';
import { reduceVocabulary } from './reduce-vocabulary.js';
import { reportOf } from './report.js';
import type { Recipe } from './shapes.js';
import { tokenizerJson } from './tokenizer-json.js';
import { trainedHeads } from './trained-heads.js';
import {
  planOnly,
  type Trained,
  type TrainingChoices,
  type TrainingPlan,
  trainEncoder,
  trainingCurves,
} from './training/index.js';
import { readTrainingData, type TrainingData } from './training-data.js';
import { Workplace } from './workplace.js';

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
  /** Texts without labels: what the network is cut by where there are no others. */
  readonly unlabelled?: string;
  readonly recipe: Recipe;
  /** For `--recipe full`. */
  readonly training?: TrainingChoices;
  /** Pieces of the vocabulary to keep; undefined keeps all. */
  readonly vocab?: number;
  /** Goes on with what an interrupted build left. */
  readonly resume?: boolean;
  readonly store: Store;
  readonly seed: number;
  readonly threads: number;
  /** For the manifest. */
  readonly version: string;
  readonly command: string;
  readonly onProgress: (phase: string, done: number, total: number, detail?: string) => void;
  /** Told what a long step found on its way. */
  readonly onNote?: (note: string) => void;
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
  readonly place: Workplace;
  readonly tokenizer: Tokenizer;
  /** Pieces that texts have, the first of the vocabulary; undefined where it is not made smaller. */
  readonly usedPieces?: number;
}

/**
 * Builds a bundle. The old one at `output` stays until the new one is whole.
 * @throws CHECKPOINT_…, DATA_…, TOKENIZER_…, BUNDLE_WRITE, RESUME_MISMATCH, DISK_FULL
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const started = performance.now();
  return withGiven(options, async (given) => {
    const { checkpoint, tokenizer, read, usedPieces, data, unlabelled } = given;
    const tokenizerFile = await tokenizerJson(checkpoint, tokenizer, options.vocab !== undefined);
    await refuseForeign(resolve(options.output));
    const learntFrom = await inputsOfTraining(options, given.whole.checkpoint, data, unlabelled);
    const { folder } = options.training ?? {};
    const named = folder === undefined ? undefined : await Workplace.named(folder, learntFrom);
    const place = await Workplace.open(
      options.output,
      { ...learntFrom, ...inputsOf(options) },
      options.resume ?? false,
    );
    if (options.resume && !place.resumed && !named?.resumed)
      options.onNote?.(`${place.folder}: nothing is there to go on with; the build begins anew`);
    let keep = false;
    try {
      const workshop: Workshop = { options, checkpoint, place, tokenizer: read, usedPieces };
      const school: Workshop = { options, ...given.whole, place: named ?? place };
      await place.file(TOKENIZER, (path) => writeFile(path, imageOf(tokenizer) ?? tokenizerFile));
      const { manifest, profiles } = await assemble(workshop, school, given, tokenizerFile);
      const seconds = (performance.now() - started) / 1000;
      if (options.recipe !== 'head')
        await writeReport(
          resolve(options.output),
          reportOf(basename(resolve(options.output)), manifest, profiles, seconds, trainingCurves(school.place)),
        );
      return { manifest, rows: data?.rows.length ?? 0, seconds };
    } catch (error) {
      // Whatever it was: hours of work are not thrown away, and go on once it is mended.
      keep = options.recipe !== 'head' && (await place.hasWork());
      if (keep && !(error instanceof SnugError && error.code === 'INTERRUPTED'))
        options.onNote?.('What was done so far is kept: repeat the command with --resume to go on from there.');
      throw error;
    } finally {
      if (!keep) await place.remove();
    }
  });
}

/**
 * How long `--recipe full` would take, and what it would need, by steps that are measured and thrown away; nothing is written.
 * @throws what `build` throws of its inputs, TRAINING_MEMORY
 */
export function planBuild(options: BuildOptions): Promise<TrainingPlan> {
  return withGiven(options, ({ whole, data, unlabelled }) => planOnly({ options, ...whole }, data, unlabelled));
}

/** What was given, read and checked. */
interface Given {
  readonly checkpoint: Checkpoint;
  /** As its files have it, and as the network reads it. */
  readonly tokenizer: Tokenizer;
  readonly read: Tokenizer;
  readonly usedPieces?: number;
  /** With all pieces, as it is trained: what the bundle leaves out makes no difference to what is learnt. */
  readonly whole: Pick<Workshop, 'checkpoint' | 'tokenizer'>;
  /** Leaves the bundle's pieces of weights that were trained with all. */
  readonly onlyKept: (source: TensorSource) => TensorSource;
  readonly data: TrainingData | undefined;
  readonly unlabelled: readonly string[];
  /** All that may be learnt from. */
  readonly texts: readonly string[];
}

async function withGiven<Result>(options: BuildOptions, use: (given: Given) => Promise<Result>): Promise<Result> {
  const whole = await openCheckpoint(options.checkpoint);
  try {
    const wholeTokenizer = await loadCheckpointTokenizer(whole);
    const data = await readTrainingData(options);
    const unlabelled = await readUnlabelled(options.unlabelled);
    const texts = [...(data?.rows.map(({ text }) => text) ?? []), ...unlabelled];
    const { checkpoint, tokenizer, used, onlyKept } =
      options.vocab === undefined
        ? { checkpoint: whole, tokenizer: wholeTokenizer, used: undefined, onlyKept: (source: TensorSource) => source }
        : reduceVocabulary(whole, wholeTokenizer, texts, options.vocab);
    for (const warning of data?.warnings ?? []) options.onWarning?.(warning);
    if (!data && !checkpoint.head) throw nothingToClassify(checkpoint.folder);
    const asRead = (one: Tokenizer) => modelTokenizer(one, whole.tokenizer.lowerCaseFirst);
    return await use({
      checkpoint,
      tokenizer,
      read: asRead(tokenizer),
      usedPieces: used,
      whole: { checkpoint: whole, tokenizer: asRead(wholeTokenizer) },
      onlyKept,
      data,
      unlabelled,
      texts,
    });
  } finally {
    await whole.close();
  }
}

const nothingToClassify = (folder: string) =>
  new SnugError('USAGE', `${folder}: the checkpoint has no classification head, and no --data to fit one on`, {
    remedy: 'Give labelled rows with --data FILE and --eval FILE.',
  });

/** Raised whenever training learns otherwise from the same inputs: what was learnt before is of no use to it then. */
const TRAINING_REVISION = 2;

/** All that what is learnt depends on: memory, and where it is kept, are no part of it. */
async function inputsOfTraining(
  { none, recipe, seed, version, training }: BuildOptions,
  checkpoint: Checkpoint,
  data: TrainingData | undefined,
  unlabelled: readonly string[],
): Promise<Inputs> {
  const { weights } = await checkpoint.identity();
  const { config, pooling, maxTokens, tokenizer } = checkpoint;
  const { path, ...settings } = tokenizer;
  const reading = { config, pooling, maxTokens, settings, tokenizer: await sha256OfFile(path) };
  const { hours, epochs, sliceEpochs, learningRate, balance } = (recipe === 'full' && training) || {};
  return {
    'version of Snug': [FORMAT, version, TRAINING_REVISION],
    checkpoint: [weights, reading],
    '--data': data?.trainFile.sha256,
    '--eval': data?.evalFile.sha256,
    '--unlabelled': sha256OfBytes(Buffer.from(JSON.stringify(unlabelled))),
    '--none': none,
    '--seed': seed,
    '--hours': hours,
    '--epochs': epochs,
    '--slice-epochs': sliceEpochs,
    '--learning-rate': learningRate,
    '--balance': balance,
    onnxruntime: runtimeVersion(),
    'instruction set': instructionSet(),
  };
}

/** And all that the bundle depends on beside. */
const inputsOf = ({ refuse, recipe, store, vocab }: BuildOptions): Inputs => ({
  '--refuse': refuse,
  '--recipe': recipe,
  '--store': store,
  '--vocab': vocab,
});

async function assemble(
  workshop: Workshop,
  school: Workshop,
  { data, texts, unlabelled, onlyKept }: Given,
  tokenizer: Uint8Array,
): Promise<{ manifest: Manifest; profiles: readonly EvaluatedProfile[] }> {
  const { options, place, checkpoint } = workshop;
  const learnt = options.recipe === 'full' ? await trainEncoder(school, data, unlabelled) : undefined;
  const trained = learnt && { ...learnt, source: onlyKept(learnt.source) };
  const draft = withFoundShapes(await draftManifest(workshop, data), trained, checkpoint);
  const stored = await makeEncoder(workshop, draft, texts, trained);
  const encoder = await Master.open(stored.path);
  const masterPath = place.path('master.safetensors');
  try {
    const heads = await headsFor(workshop, encoder, draft, data, trained);
    await writeMaster(masterPath, [...encoder.tensors(), ...(heads?.tensors ?? [])], options.store);
    for (const [shape, value] of Object.entries(heads?.inverseRegularisations ?? {}))
      draft.shapes[shape].inverseRegularisation = value;
  } finally {
    await encoder.close();
    await trained?.close();
  }
  const master = await Master.open(masterPath);
  try {
    const profiles = await evaluateProfiles(workshop, master, draft, data);
    const manifest = {
      ...draft,
      model: { ...draft.model, channels: [...stored.channels] },
      calibrations: Object.fromEntries(profiles.map(({ rung, calibration }) => [rung.profile, calibration])),
      ladder: withDominated(profiles.map(({ rung }) => rung)),
    };
    const golden = goldenLines(profiles.map((each) => ({ profile: each.rung.profile, golden: each.golden })));
    return { manifest: await writeBundle(options.output, { manifest, masterPath, tokenizer, golden }), profiles };
  } finally {
    await master.close();
  }
}

const headsFor = (
  workshop: Workshop,
  encoder: Master,
  draft: DraftManifest,
  data: TrainingData | undefined,
  trained: Trained | undefined,
) => {
  if (trained) return trainedHeads(workshop, encoder, draft, data, trained);
  return data && fitHeads(workshop, encoder, draft, data);
};
