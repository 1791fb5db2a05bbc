/** A task that small networks can learn: a text's label is the one of three words that stands in it most. */
import { type Example, seededRandom } from '../../src/train/index.js';
import { LABELS } from './network.js';

export function examplesOf(count: number, seed = 1): Example[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const label = i % LABELS;
    const length = 3 + Math.floor(random() * 6);
    const ids = Array.from({ length }, () => (random() < 0.5 ? 20 + label : 30 + Math.floor(random() * 50)));
    return { ids: [2, 20 + label, ...ids, 3], label };
  });
}
