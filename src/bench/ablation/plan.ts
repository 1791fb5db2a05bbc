/** What is compared: the steps from a plain cut to the slice that a bundle holds, at a few shapes. */
import type { Bits } from '../../bundle/index.js';
import { type FitSteps, nameOf, type Shape } from '../../calibrate/index.js';

export interface Step {
  readonly id: string;
  /** For people: what is new in it. */
  readonly what: string;
  /** Whether channels, heads and neurons are in the order that calibration text gives. */
  readonly sorted: boolean;
  readonly fit: FitSteps;
  /** Shapes at which it can't change anything: they take the figures of the step before. */
  readonly isIdle: (shape: Shape) => boolean;
}

const nothing: FitSteps = { normalisation: false, standIns: false, restoring: false };
const never = () => false;

/** In their order; each has all that those before it have. */
export const steps: readonly Step[] = [
  {
    id: 'original',
    what: "the first channels, heads and neurons in the checkpoint's order",
    sorted: false,
    fit: nothing,
    isIdle: never,
  },
  { id: 'sorted', what: 'the most worth keeping first', sorted: true, fit: nothing, isIdle: never },
  {
    id: 'normalised',
    what: 'normalisation vectors of its own',
    sorted: true,
    fit: { ...nothing, normalisation: true },
    isIdle: never,
  },
  {
    id: 'standing-in',
    what: 'kept heads and neurons stand in for removed ones',
    sorted: true,
    fit: { normalisation: true, standIns: true, restoring: false },
    isIdle: ({ prune }) => prune === 0,
  },
  {
    id: 'restored',
    what: 'kept channels restore all channels for the products that read them',
    sorted: true,
    fit: { normalisation: true, standIns: true, restoring: true },
    isIdle: ({ width }) => width === 1,
  },
];

/** The last step's slice with fewer bits a weight. */
export const quantised: readonly { readonly id: string; readonly what: string; readonly bits: Bits }[] = [
  { id: '8-bit', what: '8 bits a weight', bits: 8 },
  { id: '4-bit', what: '4 bits a weight', bits: 4 },
];

const shape = (width: number, prune: number): Shape => ({ width, prune });

export const FULL = shape(1, 0);
export const shapes: readonly Shape[] = [
  shape(1, 0.5),
  shape(0.75, 0.25),
  shape(0.5, 0),
  shape(0.5, 0.5),
  shape(0.25, 0.5),
];

/** The shapes, and those that corrections shared with them are fitted at. */
export function lanesOf(wanted: readonly Shape[]): Shape[] {
  const lanes = wanted.flatMap((one) => [one, shape(one.width, 0), shape(1, one.prune)]);
  return [...new Map(lanes.map((one) => [nameOf(one), one])).values()];
}
