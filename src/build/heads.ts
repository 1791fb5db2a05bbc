/** Every shape's own head, fitted on the vectors that the shape itself gives. */
import { BAG } from '../bundle/index.js';
import { type Master, type MasterTensor, tensorOf } from '../bundle/making.js';
import { headTensor, widthPrototypes } from '../compress/corrections.js';
import { headTensors } from '../model/index.js';
import { type LinearHead, logitsOf, type Matrix, prototypesOf, softTargets } from '../train/index.js';
import type { Workshop } from './build.js';
import type { DraftManifest } from './draft-manifest.js';
import { embedPooled, unitRows } from './embed.js';
import { withEncoder } from './encoder-session.js';
import { type FittedHead, fitHead, type LabelledVectors, PROTOTYPES_PER_LABEL } from './fit-head.js';
import type { TrainingData } from './training-data.js';

/** What the fitting of heads leaves for the master and the manifest. */
export interface Heads {
  readonly tensors: readonly MasterTensor[];
  /** C of every shape's regression. */
  readonly inverseRegularisations: Readonly<Record<string, number>>;
}

export interface ShapeHead extends FittedHead {
  /** Unit vectors [prototypes, channels]; all shapes of a width share those of the one that is not pruned. */
  readonly prototypes?: Float32Array;
}

export interface Vectors {
  readonly train: Matrix;
  readonly evaluation: Matrix;
}

/** Fits the whole network's head first: the shape without layers learns from its answers. */
export async function fitHeads(
  workshop: Workshop,
  master: Master,
  draft: DraftManifest,
  data: TrainingData,
): Promise<Heads> {
  const { place, options } = workshop;
  const fitting = new HeadFitting(workshop, data);
  const [fullShape, ...others] = Object.keys(draft.shapes);
  const fullVectors = () => place.step(`vectors ${fullShape}`, () => fitting.vectors(master, draft, fullShape));
  const full = await place.step(`head ${fullShape}`, async () => fitting.withPrototypes(await fullVectors(), {}));
  const heads: [shape: string, head: ShapeHead][] = [[fullShape, full]];
  for (const [index, shape] of others.entries()) {
    options.onProgress('fitting heads', index + 1, others.length + 1, shape);
    const head = await place.step(`head ${shape}`, async () => {
      const own = await fitting.vectors(master, draft, shape);
      const how = { nearTo: full };
      if (shape !== BAG)
        return draft.shapes[shape].pruneCorrection === undefined
          ? fitting.withPrototypes(own, how)
          : fitting.head(own, how);
      const { train } = await fullVectors();
      return fitting.withPrototypes(own, {
        targets: softTargets(logitsOf(full, train), data.labels.length, fitting.classes),
      });
    });
    heads.push([shape, head]);
  }
  return {
    tensors: heads.flatMap(([shape, head]) => {
      const name = shape === fullShape ? (plain: string) => plain : namesOf(shape, draft.shapes[shape].widthCorrection);
      return tensorsOf(head, name, data.labels.length);
    }),
    inverseRegularisations: Object.fromEntries(heads.map(([shape, head]) => [shape, head.inverseRegularisation])),
  };
}

export class HeadFitting {
  readonly classes: readonly number[];
  readonly evaluationClasses: readonly number[];
  private readonly evaluationRows: readonly { readonly text: string; readonly label: string }[];
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(
    private readonly workshop: Workshop,
    private readonly data: TrainingData,
  ) {
    this.numbers = new Map(data.labels.map((label, index) => [label, index]));
    this.evaluationRows = data.evalRows.filter(({ label }) => label !== workshop.options.none);
    this.classes = this.classesOf(data.rows);
    this.evaluationClasses = this.classesOf(this.evaluationRows);
  }

  /** Pooled vectors of length one of all in-scope rows. */
  async vectors(master: Master, draft: DraftManifest, shape: string): Promise<Vectors> {
    const { train, evaluation } = await this.pooled(master, draft, shape);
    return { train: unitRows(train), evaluation: unitRows(evaluation) };
  }

  /** Pooled vectors of all in-scope rows. */
  pooled(master: Master, draft: DraftManifest, shape: string): Promise<Vectors> {
    const { workshop, data, evaluationRows } = this;
    const { tokenizer, options } = workshop;
    const total = data.rows.length + evaluationRows.length;
    return withEncoder(workshop, master, draft, shape, {}, async (session) => {
      const embed = (rows: readonly { readonly text: string }[], offset: number) =>
        embedPooled(
          session,
          tokenizer,
          rows.map(({ text }) => text),
          (done) => options.onProgress(`embedding ${shape}`, offset + done, total),
        );
      const train = await embed(data.rows, 0);
      return { train, evaluation: await embed(evaluationRows, data.rows.length) };
    });
  }

  head(vectors: Vectors, how: { readonly nearTo?: FittedHead; readonly targets?: Float32Array }): Promise<FittedHead> {
    const { options } = this.workshop;
    const training: LabelledVectors = { vectors: vectors.train, classes: this.classes };
    const evaluation = { vectors: vectors.evaluation, classes: this.evaluationClasses };
    return fitHead(training, evaluation, this.data.labels.length, {
      ...how,
      threads: options.threads,
      onProgress: (detail) => options.onProgress('fitting', 0, 0, detail),
    });
  }

  async withPrototypes(vectors: Vectors, how: Parameters<HeadFitting['head']>[1]): Promise<ShapeHead> {
    const { labels } = this.data;
    const { seed } = this.workshop.options;
    const head = await this.head(vectors, how);
    return {
      ...head,
      prototypes: prototypesOf(vectors.train, this.classes, labels.length, PROTOTYPES_PER_LABEL, seed),
    };
  }

  private classesOf(rows: readonly { readonly label: string }[]): number[] {
    return rows.map(({ label }) => this.numbers.get(label) ?? 0);
  }
}

/** A shape's head stands under the shape's name, its prototypes under that of the width, for other shapes to use. */
const namesOf = (shape: string, width: string | undefined) => (plain: string) =>
  plain === headTensors.prototypes && width !== undefined ? widthPrototypes(width) : headTensor(shape, plain);

export function tensorsOf(
  { weight, bias, prototypes }: LinearHead & Pick<ShapeHead, 'prototypes'>,
  name: (plain: string) => string,
  labels: number,
): MasterTensor[] {
  const tensors = [
    tensorOf(name(headTensors.weight), [labels, weight.length / labels], weight),
    tensorOf(name(headTensors.bias), [labels], bias),
  ];
  if (!prototypes) return tensors;
  const count = labels * PROTOTYPES_PER_LABEL;
  return [...tensors, tensorOf(name(headTensors.prototypes), [count, prototypes.length / count], prototypes)];
}
