/** Prototypes for each width or each shape beside the whole network's, by how many texts they find that belong to no label. */
import { embedUnit } from '../../build/embed.js';
import { PROTOTYPES_PER_LABEL } from '../../build/fit-head.js';
import { keyOf, nameOf, type Shape } from '../../calibrate/index.js';
import { argmax, fitness } from '../../infer/index.js';
import { fitRefusal } from '../../train/calibration.js';
import { type Judged, type LinearHead, logitsOf, type Matrix, prototypesOf } from '../../train/index.js';
import { type BenchRow, rowOf } from '../row.js';
import { noneLabel, readClinc150 } from '../texts.js';
import type { Task } from './data.js';
import { asItIs, type Lab } from './lab.js';
import { FULL } from './plan.js';

/** Of the in-scope validation rows, as a build refuses where nobody says otherwise. */
const REFUSED = 0.03;

/** Out-of-scope test rows that are refused: prototypes of the width, and of the shape, beside the whole network's, cut. */
export async function refusalRows(lab: Lab, shapes: readonly Shape[]): Promise<BenchRow[]> {
  const { bench, task } = lab;
  const { network, notebook } = bench;
  const strangers = readClinc150(bench.dataFolder).test.filter(([, label]) => label === noneLabel);
  const rows: BenchRow[] = [];
  const known = new Map<string, Float32Array>();
  for (const one of [FULL, ...shapes]) {
    const { head } = await lab.measured('base', asItIs, one);
    const found = await notebook.step(`prototypes ${nameOf(one)}`, async () => {
      const master = await lab.master('base', asItIs);
      bench.say(`prototypes ${nameOf(one)}`);
      return network.withSlice({ master, shape: one, bits: 32 }, async (session) => {
        const embed = (texts: readonly string[]) => embedUnit(session, network.tokenizer, texts, () => undefined);
        const train = await embed(task.train.texts);
        const own = prototypesOf(train, task.train.classes, task.labels.length, PROTOTYPES_PER_LABEL, 1);
        const [held, oos] = [await embed(task.held.texts), await embed(strangers.map(([text]) => text))];
        const recallBy = (prototypes: Float32Array) =>
          recall(head, firstColumns(prototypes, held.columns, task), held, oos, task);
        const { full = own, [keyOf(one.width)]: ofWidth = own } = Object.fromEntries(known);
        return { own, recalls: { own: recallBy(own), width: recallBy(ofWidth), cut: recallBy(full) } };
      });
    });
    if (one === FULL) {
      known.set('full', found.own);
      continue;
    }
    if (one.prune === 0) known.set(keyOf(one.width), found.own);
    const { own, width, cut } = found.recalls;
    const id = `choice-prototypes-${nameOf(one)}`;
    const what = `out-of-scope test rows refused where ${100 * REFUSED} % of the in-scope validation rows are: prototypes of the`;
    rows.push(
      rowOf({ id, what: `${what} width`, unit: 'share', against: "the network's, cut" }, [
        { value: width, reference: cut },
      ]),
      rowOf({ id: `${id}-own`, what: `${what} shape`, unit: 'share', against: "the width's" }, [
        { value: own, reference: width },
      ]),
    );
  }
  return rows;
}

function firstColumns(prototypes: Float32Array, columns: number, { labels }: Task): Float32Array {
  const before = prototypes.length / (labels.length * PROTOTYPES_PER_LABEL);
  return prototypes.filter((_, at) => at % before < columns);
}

/** Share of texts that belong to no label which are refused. */
function recall(head: LinearHead, prototypes: Float32Array, held: Matrix, strangers: Matrix, task: Task): number {
  const refusal = fitRefusal(judged(head, prototypes, held, task.held.classes), REFUSED);
  if (!refusal) return Number.NaN;
  const isRefused = ({ logits, similarity = 0 }: Judged) =>
    fitness(logits[argmax(logits)], similarity, refusal) < refusal.threshold;
  const rows = judged(head, prototypes, strangers, []);
  return rows.filter(isRefused).length / rows.length;
}

function judged(head: LinearHead, prototypes: Float32Array, vectors: Matrix, classes: readonly number[]): Judged[] {
  const { columns, rows, values } = vectors;
  const labels = head.bias.length;
  const logits = logitsOf(head, vectors);
  const cosines = logitsOf(
    { weight: unitRows(prototypes, columns), bias: new Float32Array(prototypes.length / columns) },
    vectors,
  );
  const count = cosines.length / rows;
  return Array.from({ length: values.length / columns }, (_, row) => ({
    logits: logits.subarray(row * labels, (row + 1) * labels),
    similarity: Math.max(...cosines.subarray(row * count, (row + 1) * count)),
    label: classes[row],
  }));
}

function unitRows(matrix: Float32Array, columns: number): Float32Array {
  const lengths = Array.from({ length: matrix.length / columns }, (_, row) =>
    Math.hypot(...matrix.subarray(row * columns, (row + 1) * columns)),
  );
  return matrix.map((value, at) => value / (lengths[Math.floor(at / columns)] || 1));
}
