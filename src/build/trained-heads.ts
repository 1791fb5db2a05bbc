/** The heads that training gave to the whole network and to every slice, with prototypes of what each width says of the rows. */
import { BAG } from '../bundle/index.js';
import { type Master, type MasterTensor, tensorOf } from '../bundle/making.js';
import { headTensor, widthPrototypes } from '../compress/corrections.js';
import { headTensors } from '../model/index.js';
import { type LinearHead, logitsOf, type Matrix, prototypesOf, softTargets } from '../train/index.js';
import type { Workshop } from './build.js';
import type { DraftManifest } from './draft-manifest.js';
import { unitRows } from './embed.js';
import { PROTOTYPES_PER_LABEL } from './fit-head.js';
import { HeadFitting, type Heads, tensorsOf } from './heads.js';
import type { Trained } from './training/index.js';
import type { TrainingData } from './training-data.js';

/** @param data without it, there are no prototypes, and no head for the shape without layers */
export async function trainedHeads(
  workshop: Workshop,
  master: Master,
  draft: DraftManifest,
  data: TrainingData | undefined,
  { source }: Trained,
): Promise<Heads> {
  const [, ...others] = Object.keys(draft.shapes);
  const tensors: MasterTensor[] = [];
  const add = async (own: string, as: (plain: string) => string) => {
    for (const name of [headTensors.weight, headTensors.bias])
      tensors.push(tensorOf(as(name), source.shape(own + name), await source.read(own + name)));
  };
  await add('', (plain) => plain);
  for (const shape of others.filter((name) => name !== BAG))
    await add(`${shape}/`, (plain) => headTensor(shape, plain));
  if (!data) return { tensors, inverseRegularisations: {} };
  const { prototypes, bag } = await fittedBeside(workshop, master, draft, data, {
    weight: await source.read(headTensors.weight),
    bias: await source.read(headTensors.bias),
  });
  tensors.push(...prototypes);
  if (bag) tensors.push(...tensorsOf(bag, (plain) => headTensor(BAG, plain), data.labels.length));
  return { tensors, inverseRegularisations: bag ? { [BAG]: bag.inverseRegularisation } : {} };
}

/** Prototypes of every width, where it is not pruned, and the bag's head, which learns from the whole network's answers. */
async function fittedBeside(
  workshop: Workshop,
  master: Master,
  draft: DraftManifest,
  data: TrainingData,
  whole: LinearHead,
) {
  const { place, options } = workshop;
  const fitting = new HeadFitting(workshop, data);
  const labels = data.labels.length;
  const [fullShape, ...others] = Object.keys(draft.shapes);
  const vectors = await place.step(`vectors ${fullShape}`, () => fitting.pooled(master, draft, fullShape));
  const prototypes: MasterTensor[] = [];
  const addPrototypes = async (name: string, rows: () => Promise<Matrix>) => {
    const values = await place.step(name, async () =>
      prototypesOf(unitRows(await rows()), fitting.classes, labels, PROTOTYPES_PER_LABEL, options.seed),
    );
    const count = labels * PROTOTYPES_PER_LABEL;
    prototypes.push(tensorOf(name, [count, values.length / count], values));
  };
  await addPrototypes(headTensors.prototypes, async () => vectors.train);
  const seen = new Set<string>();
  for (const shape of others) {
    // The first shape of a width is the one that is not pruned.
    const { widthCorrection: width } = draft.shapes[shape];
    if (width === undefined || seen.has(width)) continue;
    seen.add(width);
    await addPrototypes(widthPrototypes(width), async () => (await fitting.pooled(master, draft, shape)).train);
  }
  if (!others.includes(BAG)) return { prototypes };
  const targets = softTargets(logitsOf(whole, vectors.train), labels, fitting.classes);
  const bag = await place.step(`head ${BAG}`, async () =>
    fitting.withPrototypes(await fitting.vectors(master, draft, BAG), { targets }),
  );
  return { prototypes, bag };
}
