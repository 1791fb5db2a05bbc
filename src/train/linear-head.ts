/** What a linear head says of vectors. */
import { argmax, softmax } from '../infer/index.js';
import type { LinearHead, Matrix } from './logistic.js';

/** [rows, labels] */
export function logitsOf({ weight, bias }: LinearHead, { values, rows, columns }: Matrix): Float32Array {
  const labels = bias.length;
  const logits = new Float32Array(rows * labels);
  for (let row = 0; row < rows; row++)
    for (let label = 0; label < labels; label++) {
      let sum = bias[label];
      for (let i = 0; i < columns; i++) sum += weight[label * columns + i] * values[row * columns + i];
      logits[row * labels + label] = sum;
    }
  return logits;
}

export function countRight(head: LinearHead, vectors: Matrix, classes: readonly number[]): number {
  const labels = head.bias.length;
  const logits = logitsOf(head, vectors);
  return classes.filter((label, row) => argmax(logits.subarray(row * labels, (row + 1) * labels)) === label).length;
}

/**
 * Half what the rows are labelled, half what a teacher says of them (knowledge distillation, Hinton et al., arXiv 1503.02531),
 * [rows, labels]: the teacher knows which labels are alike.
 */
export function softTargets(teacherLogits: Float32Array, labels: number, classes: readonly number[]): Float32Array {
  const targets = new Float32Array(teacherLogits.length);
  for (const [row, label] of classes.entries()) {
    const said = softmax(teacherLogits.subarray(row * labels, (row + 1) * labels), 1);
    for (let i = 0; i < labels; i++) targets[row * labels + i] = said[i] / 2;
    targets[row * labels + label] += 0.5;
  }
  return targets;
}
