/** What a bundle's manifest says before its files are known. */
import { bitWidths, type Manifest, runtimeVersion } from '../bundle/index.js';
import { FORMAT } from '../bundle/manifest.js';
import type { Checkpoint } from '../checkpoint/index.js';
import { instructionSet } from '../profile/processor.js';
import type { Workshop } from './build.js';
import { describeModel } from './encoder-master.js';
import { PROTOTYPES_PER_LABEL } from './fit-head.js';
import { pruneKeysOf } from './search/units.js';
import { describeFound, describeShapes, profilesOf, type Recipe } from './shapes.js';
import type { Trained } from './training/index.js';
import type { TrainingData } from './training-data.js';

/** With the shapes that a search found, and their profiles. */
export function withFoundShapes(
  draft: DraftManifest,
  trained: Trained | undefined,
  { config }: Checkpoint,
): DraftManifest {
  if (!trained) return draft;
  const found = trained.found.map((shape) => ({ ...shape, pruneKeys: pruneKeysOf(shape.allocation) }));
  const { shapes, profiles } = describeFound(found, config);
  const empty = { params: 0, weightBytes: 0, macsPerToken: 0 };
  return {
    ...draft,
    shapes: { ...draft.shapes, ...shapes },
    ladder: [...draft.ladder, ...profiles.map((profile) => ({ profile, ...empty }))],
  };
}

/** A manifest before its files are known. */
export type DraftManifest = Omit<Manifest, 'files'>;

/** The wanted label, underlined until no other label is called so: a refusal must not look like an answer. */
function freeLabel(wanted: string, labels: readonly string[]): string {
  return labels.includes(wanted) ? freeLabel(`${wanted}_`, labels) : wanted;
}

/** All that is known before anything is measured. */
export async function draftManifest(workshop: Workshop, data: TrainingData | undefined): Promise<DraftManifest> {
  const { options, checkpoint } = workshop;
  const { recipe } = options;
  const identity = await checkpoint.identity();
  const empty = { params: 0, weightBytes: 0, macsPerToken: 0 };
  const { labels, description } = headOf(checkpoint, data, recipe);
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
    head: description,
    recipe,
    shapes: describeShapes(recipe, checkpoint.config, data !== undefined),
    labels,
    noneLabel: options.none ?? freeLabel('none', labels),
    data: data && { train: data.trainFile, eval: data.evalFile, refuse: options.refuse },
    calibrations: {},
    bits: [...bitWidths],
    measured: { instructionSet: instructionSet(), runtime: `onnxruntime ${runtimeVersion()}`, threads: 1 },
    ladder: profilesOf(recipe, data !== undefined).map((profile) => ({ profile, ...empty })),
  };
}

function headOf(
  { head }: Checkpoint,
  data: TrainingData | undefined,
  recipe: Recipe,
): { labels: string[]; description: Manifest['head'] } {
  if (data) {
    const prototypes = data.labels.length * PROTOTYPES_PER_LABEL;
    const raw = recipe === 'full' ? { raw: true } : {};
    return { labels: [...data.labels], description: { kind: 'fitted', problem: 'single', prototypes, ...raw } };
  }
  if (!head) throw new Error('a checkpoint without head reached headOf');
  const { problem } = head;
  const labels = [...head.labels];
  if (head.kind === 'pooled')
    return { labels, description: { kind: 'fitted', problem, prototypes: 0, ...(!head.normalize && { raw: true }) } };
  return { labels, description: { kind: 'checkpoint', problem, prototypes: 0, activation: head.activation } };
}
