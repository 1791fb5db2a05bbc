/** Accuracies as rows: each step beside the one before it. */
import { nameOf } from '../../calibrate/index.js';
import { type BenchRow, rowOf } from '../row.js';
import type { Task } from './data.js';
import { quantised, shapes, steps } from './plan.js';
import type { TaskResult } from './task.js';

/** With a head of the slice's own first, then with the whole network's, cut. */
export function rowsOf(task: Pick<Task, 'id' | 'what'>, { full, slices }: TaskResult): BenchRow[] {
  const rows = [
    rowOf({ id: `${task.id}-full`, what: `the whole network, fp32, on ${task.what}`, unit: 'share' }, [
      { value: full },
    ]),
  ];
  for (const head of ['own', 'cut'] as const)
    for (const shape of shapes) {
      const name = nameOf(shape);
      const found = slices.get(name);
      const last = steps[steps.length - 1].id;
      const plan = [
        ...steps.map(({ id, what, isIdle }, at) => ({
          id,
          what,
          before: steps[at - 1]?.id ?? 'full',
          note: isIdle(shape) ? 'nothing to do at this shape' : undefined,
        })),
        // Bits are taken from the last step, not from each other.
        ...quantised.map(({ id, what }) => ({ id, what, before: last, note: undefined })),
      ];
      for (const { id, what, before, note } of plan) {
        const value = found?.get(id)?.[head];
        const reference = before === 'full' ? full : found?.get(before)?.[head];
        rows.push(
          rowOf(
            {
              id: `${task.id}-${name}-${id}${head === 'cut' ? '-cut-head' : ''}`,
              what: `${what}; ${head === 'own' ? 'head fitted on its vectors' : "the whole network's head, cut"}`,
              unit: 'share',
              against: before,
            },
            value === undefined ? [] : [{ value, reference }],
            note,
          ),
        );
      }
    }
  return rows;
}
