/** How loss and accuracy went over a run, on disk line by line: a run that is taken up again adds to it. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { TrainingCurve, TrainingPoint } from '../../report/index.js';
import type { Workplace } from '../workplace.js';

export class Curve {
  constructor(private readonly path: string) {}

  add(point: TrainingPoint): void {
    appendFileSync(this.path, `${JSON.stringify(point)}\n`);
  }

  /** The last one before a step; NaN where there is none. A run that is taken up again goes on from it. */
  lossBefore(step: number): number {
    return this.read('').points.findLast((point) => point.step < step)?.loss ?? Number.NaN;
  }

  /** In the order of steps; of two with one step, which a run that was killed leaves, the later one. */
  read(phase: string): TrainingCurve {
    if (!existsSync(this.path)) return { phase, points: [] };
    const points = new Map<number, TrainingPoint>();
    for (const line of readFileSync(this.path, 'utf8').split('\n')) {
      const point = parsed(line);
      if (point) points.set(point.step, { ...points.get(point.step), ...point });
    }
    return { phase, points: [...points.values()].sort((a, b) => a.step - b.step) };
  }
}

/** Where a phase's curve lies in the build's folder. */
export const curveOf = (place: Workplace, phase: string) => new Curve(place.path(`${phase}.curve`));

/** Of all phases that there were. */
export const trainingCurves = (place: Workplace): TrainingCurve[] =>
  ['fine-tuning', 'training slices']
    .map((phase) => curveOf(place, phase).read(phase))
    .filter(({ points }) => points.length > 0);

/** A line that a kill cut short says nothing. */
function parsed(line: string): TrainingPoint | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
