/** One step of AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2) over many numbers at once, and how long a gradient is. */
import { Emitter, type Real } from './emitter.js';

/** Scalars of the graph, by its inputs' names. */
export const OPTIMISE_SCALARS = [
  'mean_kept',
  'mean_taken',
  'square_kept',
  'square_taken',
  'values_kept',
  'step_size',
  'floor',
] as const;
export type OptimiseScalars = Readonly<Record<(typeof OPTIMISE_SCALARS)[number], number>>;

/**
 * `values`, `gradient`, `mean`, `square` [n] and the scalars → `new_mean` = mean_kept · mean + mean_taken · gradient,
 * `new_square` = square_kept · square + square_taken · gradient², and `new_values` = values_kept · values − step_size · new_mean /
 * (√new_square + floor). Every input is read for the last time before the output of its name is written, and operators run
 * one after the other, so outputs may be given the inputs' own arrays.
 */
export function optimiseGraph(type?: Real): Promise<Uint8Array> {
  const emit = new Emitter('optimise', type);
  const [values, gradient, mean, square] = ['values', 'gradient', 'mean', 'square'].map((name) =>
    emit.input(name, ['n']),
  );
  for (const name of OPTIMISE_SCALARS) emit.input(name, []);
  const newMean = emit.named('new_mean', 'Add', [
    emit.multiply(mean, 'mean_kept'),
    emit.multiply(gradient, 'mean_taken'),
  ]);
  const squared = emit.multiply(emit.multiply(gradient, gradient), 'square_taken');
  const newSquare = emit.named('new_square', 'Add', [emit.multiply(square, 'square_kept'), squared]);
  const size = emit.add(emit.node('Sqrt', [newSquare]), 'floor');
  const moved = emit.multiply(emit.node('Div', [newMean, size]), 'step_size');
  const newValues = emit.named('new_values', 'Sub', [emit.multiply(values, 'values_kept'), moved]);
  for (const name of [newMean, newSquare, newValues]) emit.output(name, name, ['n']);
  return emit.encode();
}

/** `gradient` [rows, columns] → `squares` [rows], each row's sum of squares. */
export function squaresGraph(): Promise<Uint8Array> {
  const emit = new Emitter('squares');
  const gradient = emit.input('gradient', ['rows', 'columns']);
  emit.output('squares', emit.sum(emit.multiply(gradient, gradient), 1), ['rows']);
  return emit.encode();
}
