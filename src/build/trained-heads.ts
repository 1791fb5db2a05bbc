/** The heads that training gave to the whole network and to every slice, with prototypes of what each width says of the rows. */
import { BAG, parseProfile } from '../bundle/index.js';
import { type Master, type MasterTensor, tensorOf } from '../bundle/making.js';
import { headTensor, widthPrototypes } from '../compress/corrections.js';
import { headTensors } from '../model/index.js';
import { type LinearHead, logitsOf, type Matrix, prototypesOf, softTargets } from '../train/index.js';
import type { Workshop } from './build.js';
import type { DraftManifest } from './draft-manifest.js';
import { unitRows } from './embed.js';
import { PROTOTYPES_PER_LABEL } from './fit-head.js';
import { HeadFitting, type Heads, type ShapeHead, tensorsOf } from './heads.js';
import { refitted } from './refitted-head.js';
import { learnsSeldom, type Trained } from './training/index.js';
import type { TrainingData } from './training-data.js';

/** @param data without it, there are no prototypes, and no head for the shape without layers */
export async function trainedHeads(
  workshop: Workshop,
  master: Master,
  draft: DraftManifest,
  data: TrainingData | undefined,
  { source }: Trained,
): Promise<Heads> {
  const headOf = async (own: string): Promise<LinearHead> => ({
    weight: await source.read(own + headTensors.weight),
    bias: await source.read(own + headTensors.bias),
  });
  const whole = await headOf('');
  const labels = whole.bias.length;
  const beside = data && (await FittedBeside.open(workshop, master, draft, data, whole));
  const tensors = tensorsOf(whole, (plain) => plain, labels);
  for (const shape of Object.keys(draft.shapes).slice(1)) {
    if (shape === BAG) continue;
    const trained = await headOf(`${shape}/`);
    const head = beside && isSeldom(shape) ? await beside.refitted(shape, trained) : trained;
    tensors.push(...tensorsOf(head, (plain) => headTensor(shape, plain), labels));
  }
  if (!beside) return { tensors, inverseRegularisations: {} };
  tensors.push(...(await beside.prototypes()));
  if (draft.shapes[BAG] === undefined) return { tensors, inverseRegularisations: {} };
  const bag = await beside.bag();
  tensors.push(...tensorsOf(bag, (plain) => headTensor(BAG, plain), labels));
  return { tensors, inverseRegularisations: { [BAG]: bag.inverseRegularisation } };
}

const isSeldom = (shape: string) => !shape.includes('+') && learnsSeldom(parseProfile(`${shape}-q8`));

/** What is fitted on vectors of the trained slices; steps that are done stay on disk. */
class FittedBeside {
  private readonly fitting: HeadFitting;
  private readonly targets: Float32Array;

  private constructor(
    private readonly workshop: Workshop,
    private readonly master: Master,
    private readonly draft: DraftManifest,
    private readonly data: TrainingData,
    whole: LinearHead,
    private readonly wholeVectors: Matrix,
  ) {
    this.fitting = new HeadFitting(workshop, data);
    this.targets = softTargets(logitsOf(whole, wholeVectors), data.labels.length, this.fitting.classes);
  }

  static async open(
    workshop: Workshop,
    master: Master,
    draft: DraftManifest,
    data: TrainingData,
    whole: LinearHead,
  ): Promise<FittedBeside> {
    const [shape] = Object.keys(draft.shapes);
    const { train } = await workshop.place.step(`vectors ${shape}`, () =>
      new HeadFitting(workshop, data).pooled(master, draft, shape),
    );
    return new FittedBeside(workshop, master, draft, data, whole, train);
  }

  refitted(shape: string, trained: LinearHead): Promise<LinearHead> {
    const { fitting, targets } = this;
    return this.workshop.place.step(`head ${shape}`, async () =>
      refitted(fitting, await fitting.pooled(this.master, this.draft, shape), trained, targets),
    );
  }

  /** Of every width, where it is not pruned. */
  async prototypes(): Promise<MasterTensor[]> {
    const { fitting, master, draft } = this;
    const tensors = [await this.prototypesAs(headTensors.prototypes, async () => this.wholeVectors)];
    const seen = new Set<string>();
    for (const [shape, { widthCorrection: width }] of Object.entries(draft.shapes)) {
      // The first shape of a width is the one that is not pruned.
      if (width === undefined || seen.has(width)) continue;
      seen.add(width);
      const rows = async () => (await fitting.pooled(master, draft, shape)).train;
      tensors.push(await this.prototypesAs(widthPrototypes(width), rows));
    }
    return tensors;
  }

  /** The bag's head, which learns from the labels and from the whole network's answers. */
  bag(): Promise<ShapeHead> {
    const { fitting, targets } = this;
    return this.workshop.place.step(`head ${BAG}`, async () =>
      fitting.withPrototypes(await fitting.vectors(this.master, this.draft, BAG), { targets }),
    );
  }

  private async prototypesAs(name: string, rows: () => Promise<Matrix>): Promise<MasterTensor> {
    const labels = this.data.labels.length;
    const { seed } = this.workshop.options;
    const values = await this.workshop.place.step(name, async () =>
      prototypesOf(unitRows(await rows()), this.fitting.classes, labels, PROTOTYPES_PER_LABEL, seed),
    );
    const count = labels * PROTOTYPES_PER_LABEL;
    return tensorOf(name, [count, values.length / count], values);
  }
}
