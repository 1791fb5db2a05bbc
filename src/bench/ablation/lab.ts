/** Slices of masters that were cut in different ways, each measured once. */
import { nameOf, type Shape } from '../../calibrate/index.js';
import type { Task } from './data.js';
import { type Measured, measureSlice } from './measure.js';
import type { Cut } from './network.js';
import { FULL, lanesOf, steps } from './plan.js';
import type { Bench } from './workbench.js';

export type Way = Omit<Cut, 'arrangement' | 'shapes'>;

/** As a build cuts. */
export const asItIs: Way = { fit: steps[steps.length - 1].fit };

export class Lab {
  private constructor(
    readonly task: Task,
    readonly bench: Bench,
    private readonly shapes: readonly Shape[],
    private readonly arrangement: NonNullable<Cut['arrangement']>,
  ) {}

  /** @param shapes all that are going to be measured: every master is cut for all of them */
  static async open(task: Task, bench: Bench, shapes: readonly Shape[]): Promise<Lab> {
    const { network, notebook, say } = bench;
    const arrangement = await notebook.step('order', () => network.order(task.train.texts, say));
    return new Lab(task, bench, lanesOf(shapes), arrangement);
  }

  master(id: string, cut: Way): Promise<string> {
    const { network, notebook, say } = this.bench;
    return notebook.file(`${id}.safetensors`, (path) => {
      say(`cutting: ${id}`);
      const { arrangement, shapes } = this;
      return network.writeCut(path, this.task.train.texts, { ...cut, arrangement, shapes }, say);
    });
  }

  /** Accuracy on the held-back rows, and the head that it is reached with. */
  measured(id: string, cut: Way, one: Shape): Promise<Measured> {
    const { network, notebook, say } = this.bench;
    return notebook.step(`${id} ${nameOf(one)}`, async () => {
      const whole = one === FULL ? undefined : (await this.measured('base', asItIs, FULL)).head;
      const master = await this.master(id, cut);
      say(`${id} ${nameOf(one)}`);
      return measureSlice(network, { master, shape: one, bits: 32 }, this.task, whole);
    });
  }
}
