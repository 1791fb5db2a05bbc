/**
 * `snug bench choices`: what was tried beside the way that a build cuts, and what it would bring. On CLINC150's validation rows, on
 * which such things are chosen; refusal also on the test rows, for there are only a hundred out-of-scope rows to choose on.
 */
import { nameOf, type Shape } from '../../calibrate/index.js';
import type { Benchmark } from '../benchmark.js';
import { type BenchRow, rowOf } from '../row.js';
import { blockRows } from './block-rows.js';
import { clinc150 } from './data.js';
import { asItIs, Lab, type Way } from './lab.js';
import { FULL } from './plan.js';
import { refusalRows } from './refusal-rows.js';
import { withNetwork } from './workbench.js';

const shape = (width: number, prune: number): Shape => ({ width, prune });

interface Choice {
  readonly id: string;
  readonly what: string;
  readonly cut: Way;
  readonly shapes: readonly Shape[];
}

const cuts: readonly Choice[] = [
  {
    id: 'pooled',
    what: 'restoring fitted over every prune ratio of a width, not the unpruned shape alone',
    cut: { fit: { ...asItIs.fit, restoring: 'every-prune' } },
    shapes: [shape(0.75, 0.5), shape(0.5, 0), shape(0.5, 0.5), shape(0.25, 0), shape(0.25, 0.5), shape(0.25, 0.75)],
  },
  {
    id: 'ridge',
    what: 'restoring drawn to the identity ten times as strongly',
    cut: { ...asItIs, restoringRidge: 1e-2 },
    shapes: [shape(0.5, 0), shape(0.5, 0.5), shape(0.25, 0), shape(0.25, 0.5)],
  },
  {
    id: 'rank-64',
    what: 'stand-ins of rank 64, not 32',
    cut: { ...asItIs, standInRank: 64 },
    shapes: [shape(1, 0.5), shape(1, 0.75), shape(0.5, 0.5)],
  },
  {
    id: 'text',
    what: 'calibration on 80,000 tokens, not 32,768',
    cut: { ...asItIs, calibrationTokens: 80_000 },
    shapes: [shape(1, 0.5), shape(0.5, 0), shape(0.5, 0.5), shape(0.25, 0.5)],
  },
];
const refusalShapes = [
  shape(0.75, 0),
  shape(0.75, 0.5),
  shape(0.5, 0),
  shape(0.5, 0.5),
  shape(0.25, 0),
  shape(0.25, 0.5),
];
const blockShapes = [FULL, shape(1, 0.5), shape(0.5, 0), shape(0.25, 0.5)];

export const choicesBenchmark: Benchmark = {
  name: 'choices',
  summary: 'what was tried beside the way that a build cuts (a long one; goes on where it was stopped)',
  run: (options) =>
    withNetwork(options, 'choices', async (bench) => {
      const shapes = [...cuts.flatMap((choice) => choice.shapes), ...refusalShapes, ...blockShapes];
      const lab = await Lab.open(clinc150(bench.dataFolder), bench, shapes);
      return [
        ...(await cutRows(lab)),
        ...(await refusalRows(lab, refusalShapes)),
        ...(await blockRows(lab, blockShapes)),
      ];
    }),
};

async function cutRows(lab: Lab): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { id, what, cut, shapes } of cuts)
    for (const one of shapes) {
      const [value, reference] = [await lab.measured(id, cut, one), await lab.measured('base', asItIs, one)];
      rows.push(
        rowOf({ id: `choice-${id}-${nameOf(one)}`, what, unit: 'share', against: 'as it is' }, [
          { value: value.heldAccuracy, reference: reference.heldAccuracy },
        ]),
      );
    }
  return rows;
}
