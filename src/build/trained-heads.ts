/** The heads that training gave to the whole network and to every slice, with prototypes of what each width says of the rows. */
import { BAG } from '../bundle/index.js';
import { type Master, type MasterTensor, tensorOf } from '../bundle/making.js';
import { headTensor, widthPrototypes } from '../compress/corrections.js';
import { headTensors } from '../model/index.js';
import { logitsOf, prototypesOf, softTargets } from '../train/index.js';
import type { DraftManifest, Workshop } from './build.js';
import { unitRows } from './embed.js';
import { PROTOTYPES_PER_LABEL } from './fit-head.js';
import { HeadFitting, type Heads, tensorsOf } from './heads.js';
import type { Trained } from './training/index.js';
import type { TrainingData } from './training-data.js';

export async function trainedHeads(
  workshop: Workshop,
  master: Master,
  draft: DraftManifest,
  data: TrainingData,
  { source }: Trained,
): Promise<Heads> {
  const { place, options } = workshop;
  const fitting = new HeadFitting(workshop, data);
  const tensors: MasterTensor[] = [];
  const inverseRegularisations: Record<string, number> = {};
  const labels = data.labels.length;
  const [fullShape, ...others] = Object.keys(draft.shapes);
  const add = async (own: string, as: (plain: string) => string) => {
    for (const name of [headTensors.weight, headTensors.bias])
      tensors.push(tensorOf(as(name), source.shape(own + name), await source.read(own + name)));
  };
  await add('', (plain) => plain);
  const whole = { weight: await source.read(headTensors.weight), bias: await source.read(headTensors.bias) };
  const vectors = await place.step(`vectors ${fullShape}`, () => fitting.pooled(master, draft, fullShape));
  const prototypes = (rows: typeof vectors.train) =>
    prototypesOf(unitRows(rows), fitting.classes, labels, PROTOTYPES_PER_LABEL, options.seed);
  const addPrototypes = (name: string, values: Float32Array) => {
    const count = labels * PROTOTYPES_PER_LABEL;
    tensors.push(tensorOf(name, [count, values.length / count], values));
  };
  addPrototypes(headTensors.prototypes, await place.step('prototypes', async () => prototypes(vectors.train)));
  for (const [index, shape] of others.entries()) {
    options.onProgress('fitting heads', index + 1, others.length, shape);
    const { widthCorrection: width, pruneCorrection: prune } = draft.shapes[shape];
    if (shape === BAG) {
      const targets = softTargets(logitsOf(whole, vectors.train), labels, fitting.classes);
      const head = await place.step(`head ${shape}`, async () =>
        fitting.withPrototypes(await fitting.vectors(master, draft, shape), { targets }),
      );
      tensors.push(...tensorsOf(head, (plain) => headTensor(shape, plain), labels));
      inverseRegularisations[shape] = head.inverseRegularisation;
      continue;
    }
    await add(`${shape}/`, (plain) => headTensor(shape, plain));
    if (width === undefined || prune !== undefined) continue;
    const own = await place.step(`prototypes ${width}`, async () =>
      prototypes((await fitting.pooled(master, draft, shape)).train),
    );
    addPrototypes(widthPrototypes(width), own);
  }
  return { tensors, inverseRegularisations };
}
