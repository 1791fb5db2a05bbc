/** manifest.json of a bundle: what the bundle holds, where it comes from, how it was measured. */
import * as v from 'valibot';
import { SnugError } from '../errors/index.js';
import { bitWidths } from './profile-name.js';

/** Raised with every change that an older Snug would misread. */
export const FORMAT = 2;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const fileSchema = v.object({ bytes: count, sha256 });

const dataSchema = v.object({ file: v.string(), rows: count, sha256 });

const modelSchema = v.object({
  family: v.picklist(['bert', 'distilbert']),
  vocabSize: positive,
  hiddenSize: positive,
  layers: positive,
  heads: positive,
  headSize: positive,
  intermediateSize: positive,
  tokenTypes: v.boolean(),
  activation: v.picklist(['gelu', 'gelu_new', 'relu']),
  layerNormEps: v.number(),
  /** The checkpoint's number of each channel, in the order in which the master has them. */
  channels: v.optional(v.array(count)),
});

const refusalSchema = v.object({
  /** Mean and standard deviation over the eval file's in-scope rows. */
  logitMean: v.number(),
  logitStd: v.number(),
  similarityMean: v.number(),
  similarityStd: v.number(),
  /** A text is refused below this sum of the standardised largest logit and the standardised similarity. */
  threshold: v.number(),
});

const calibrationSchema = v.object({
  temperature: v.pipe(v.number(), v.minValue(1e-6)),
  refusal: v.optional(refusalSchema),
  /** Expected calibration error on the eval file, 15 bins, before and after the temperature. */
  calibrationErrorBefore: v.optional(share),
  calibrationErrorAfter: v.optional(share),
});

/** How much of the network a shape keeps; its profiles differ in their bits. */
const shapeSchema = v.object({
  channels: positive,
  /** None in the shape without attention layers. */
  layers: v.array(v.object({ heads: positive, neurons: positive })),
  /** Names of the corrections that it shares with others; absent where there are none. */
  widthCorrection: v.optional(v.string()),
  /** One for all sums, or a name for each (heads of layer 0, neurons of layer 0, heads of layer 1, …). */
  pruneCorrection: v.optional(v.union([v.string(), v.array(v.string())])),
  /** C of the logistic regression that was chosen on the eval file. */
  inverseRegularisation: v.optional(v.number()),
});

const rungSchema = v.object({
  profile: v.string(),
  /** Over all rows of the eval file, a refusal being the answer "none"; absent where the bundle was built without data. */
  accuracy: v.optional(share),
  inScopeTop1: v.optional(share),
  inScopeAccuracy: v.optional(share),
  outOfScopeRecall: v.optional(share),
  params: count,
  weightBytes: count,
  macsPerToken: count,
  /** A profile that is at least as accurate and needs no more bytes and no more multiplications. */
  dominatedBy: v.optional(v.string()),
});

export const manifestSchema = v.object({
  format: v.literal(FORMAT),
  tool: v.object({ name: v.literal('snug'), version: v.string() }),
  command: v.string(),
  created: v.string(),
  seed: count,
  checkpoint: v.object({
    name: v.string(),
    licence: v.nullable(v.string()),
    weights: v.array(v.object({ file: v.string(), sha256 })),
  }),
  model: modelSchema,
  tokenizer: v.object({ maxTokens: positive, lowerCaseFirst: v.boolean() }),
  pooling: v.object({ mode: v.picklist(['mean', 'cls', 'max', 'mean_sqrt_len']), normalize: v.boolean() }),
  /** How weights are stored: `fp16`, or `q8` with one scale a row. */
  store: v.picklist(['fp16', 'q8']),
  head: v.object({
    kind: v.picklist(['fitted', 'checkpoint']),
    problem: v.picklist(['single', 'multi']),
    prototypes: count,
    activation: v.optional(v.picklist(['tanh', 'relu'])),
    /** Whether a fitted head reads vectors as they are pooled, not scaled to length one; the bag's always reads scaled ones. */
    raw: v.optional(v.boolean()),
  }),
  recipe: v.picklist(['head', 'fast', 'full']),
  /** Shapes by name: a profile's name without its bits. */
  shapes: v.record(v.string(), shapeSchema),
  labels: v.pipe(v.array(v.string()), v.minLength(2)),
  /** What a refusal answers. */
  noneLabel: v.string(),
  data: v.optional(v.object({ train: dataSchema, eval: dataSchema, refuse: share })),
  calibrations: v.record(v.string(), calibrationSchema),
  bits: v.array(v.picklist(bitWidths)),
  /** What the ladder's accuracies were measured with. */
  measured: v.optional(v.object({ instructionSet: v.string(), runtime: v.string(), threads: positive })),
  ladder: v.pipe(v.array(rungSchema), v.minLength(1)),
  /** Every file but the manifest and its hash; all lie in the bundle's own folder. */
  files: v.record(v.pipe(v.string(), v.regex(/^[^/\\]+$/)), fileSchema),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;
export type Calibration = v.InferOutput<typeof calibrationSchema>;
export type Refusal = v.InferOutput<typeof refusalSchema>;
export type Rung = v.InferOutput<typeof rungSchema>;
export type ShapeDescription = v.InferOutput<typeof shapeSchema>;
export type ModelDescription = v.InferOutput<typeof modelSchema>;

/** Checks a manifest's text. @throws BUNDLE_NEWER, BUNDLE_MANIFEST naming the key */
export function parseManifest(path: string, text: string): Manifest {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new SnugError('BUNDLE_MANIFEST', `${path}: not JSON`, { cause: error });
  }
  const format = typeof raw === 'object' && raw !== null && 'format' in raw ? raw.format : undefined;
  if (typeof format === 'number' && format > FORMAT)
    throw new SnugError('BUNDLE_NEWER', `${path}: format ${format}; this version of Snug reads up to ${FORMAT}`);
  if (typeof format === 'number' && format < FORMAT)
    throw new SnugError('BUNDLE_MANIFEST', `${path}: format ${format}; this version of Snug reads format ${FORMAT}`, {
      remedy: 'Build the bundle again with this version.',
    });
  const result = v.safeParse(manifestSchema, raw);
  if (result.success) return checkedShapes(path, result.output);
  const [issue] = result.issues;
  throw new SnugError('BUNDLE_MANIFEST', `${path}: ${v.getDotPath(issue) ?? 'manifest'}: ${issue.message}`);
}

/** A shape keeps a part of the network that the manifest describes. */
function checkedShapes(path: string, manifest: Manifest): Manifest {
  const { model } = manifest;
  for (const [name, { channels, layers }] of Object.entries(manifest.shapes)) {
    const tooMany = [
      [channels, model.hiddenSize, 'channels'],
      ...layers.flatMap((layer) => [
        [layer.heads, model.heads, 'heads'],
        [layer.neurons, model.intermediateSize, 'neurons'],
      ]),
    ].find(([kept, whole]) => kept > whole);
    if (tooMany)
      throw new SnugError('BUNDLE_MANIFEST', `${path}: shapes.${name}: ${tooMany[0]} ${tooMany[2]} of ${tooMany[1]}`);
    if (layers.length > 0 && layers.length !== model.layers)
      throw new SnugError('BUNDLE_MANIFEST', `${path}: shapes.${name}: ${layers.length} layers of ${model.layers}`);
  }
  return manifest;
}
