/** One task through all steps. */
import { rm } from 'node:fs/promises';
import { nameOf, type Shape } from '../../calibrate/index.js';
import type { Task } from './data.js';
import { accuracyOf, type Measured, measureSlice, rearranged } from './measure.js';
import { FULL, lanesOf, quantised, type Step, shapes, steps } from './plan.js';
import type { Bench } from './workbench.js';

/** Accuracies under a head of the slice's own, and under the whole network's, cut. */
export interface Accuracies {
  readonly own: number;
  readonly cut: number;
}

export interface TaskResult {
  readonly full: number;
  /** By shape's name and step. */
  readonly slices: ReadonlyMap<string, ReadonlyMap<string, Accuracies>>;
}

export async function measureTask(task: Task, { network, notebook, say }: Bench): Promise<TaskResult> {
  const tell = (line: string) => say(`${task.id}: ${line}`);
  const { texts } = task.train;
  const arrangement = await notebook.step(`${task.id} order`, () => network.order(texts, tell));
  const masterOf = (step: Step) =>
    notebook.file(`${task.id} ${step.id}.safetensors`, async (path) => {
      tell(`cutting: ${step.id}`);
      const cut = { shapes: lanesOf(shapes), fit: step.fit, ...(step.sorted && { arrangement }) };
      await network.writeCut(path, texts, cut, tell);
    });

  const full = await notebook.step(`${task.id} full`, async () => {
    tell('the whole network');
    return measureSlice(network, { master: await masterOf(steps[0]), shape: FULL, bits: 32 }, task);
  });
  const slices = new Map(shapes.map((shape) => [nameOf(shape), new Map<string, Accuracies>()]));
  const note = (shape: Shape, step: string, found: Accuracies) => slices.get(nameOf(shape))?.set(step, found);
  const last = new Map<string, Measured>();
  for (const step of steps) {
    const whole = step.sorted ? rearranged(full.head, arrangement) : full.head;
    for (const shape of shapes) {
      const name = nameOf(shape);
      const before = last.get(name);
      const measured =
        before && step.isIdle(shape)
          ? before
          : await notebook.step(`${task.id} ${step.id} ${name}`, async () => {
              const master = await masterOf(step);
              tell(`${step.id} ${name}`);
              return measureSlice(network, { master, shape, bits: 32 }, task, whole);
            });
      last.set(name, measured);
      note(shape, step.id, { own: measured.accuracy, cut: measured.cutAccuracy });
    }
    if (step !== steps[steps.length - 1]) await rm(notebook.path(`${task.id} ${step.id}.safetensors`), { force: true });
  }
  const whole = rearranged(full.head, arrangement);
  for (const { id, bits } of quantised)
    for (const shape of shapes) {
      const name = nameOf(shape);
      const heads = [last.get(name)?.head ?? whole, whole];
      const { accuracies } = await notebook.step(`${task.id} ${id} ${name}`, async () => {
        const master = await masterOf(steps[steps.length - 1]);
        tell(`${id} ${name}`);
        return accuracyOf(network, { master, shape, bits }, task.test, heads);
      });
      note(shape, id, { own: accuracies[0], cut: accuracies[1] });
    }
  return { full: full.accuracy, slices };
}
