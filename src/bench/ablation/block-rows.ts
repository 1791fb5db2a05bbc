/** How many 4-bit weights share a scale. */
import { nameOf, type Shape } from '../../calibrate/index.js';
import { type BenchRow, rowOf } from '../row.js';
import { asItIs, type Lab } from './lab.js';
import { accuracyOf } from './measure.js';

/** 4 bits with a scale for 64 or 128 weights instead of 32: accuracy, and the bytes that it saves. */
export async function blockRows(lab: Lab, shapes: readonly Shape[]): Promise<BenchRow[]> {
  const { bench, task } = lab;
  const rows: BenchRow[] = [];
  for (const one of shapes) {
    const name = nameOf(one);
    const { head } = await lab.measured('base', asItIs, one);
    const at = (nibbleBlock: 32 | 64 | 128) =>
      bench.notebook.step(`block ${nibbleBlock} ${name}`, async () => {
        const master = await lab.master('base', asItIs);
        bench.say(`blocks of ${nibbleBlock}, ${name}`);
        const slice = { master, shape: one, bits: 4, options: { nibbleBlock } } as const;
        return accuracyOf(bench.network, slice, task.held, [head]);
      });
    const small = await at(32);
    for (const block of [64, 128] as const) {
      const large = await at(block);
      const [id, what] = [`choice-block-${block}-${name}`, `4 bits, a scale for ${block} weights`];
      rows.push(
        rowOf({ id, what, unit: 'share', against: 'for 32' }, [
          { value: large.accuracies[0], reference: small.accuracies[0] },
        ]),
        rowOf({ id: `${id}-bytes`, what, unit: 'MB', against: 'for 32' }, [
          { value: large.weightBytes / 1e6, reference: small.weightBytes / 1e6 },
        ]),
      );
    }
  }
  return rows;
}
