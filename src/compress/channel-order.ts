/**
 * One order of the hidden channels for the whole network, so that every width keeps the first ones. A channel is worth what the
 * products that read it would lose without it, given that the ones kept before it stand in for it as well as a linear map can.
 */
import type { Square } from './linear-algebra.js';

/** A place where products read all channels. */
export interface ReadingSite {
  /** Covariance of the channels there, [hidden, hidden]. */
  readonly covariance: Square;
  /** WᵀW of the products that read them, [hidden, hidden]. */
  readonly reading: Square;
}

/**
 * Forward selection: the next channel is the one that, with the best linear map from the chosen ones to all others, lowers the
 * error of the products' results most, each site's error being a share of its own results' variance. Nested by construction.
 */
export function orderChannels(sites: readonly ReadingSite[], hidden: number): number[] {
  const states = sites.map((site) => new Site(site, hidden));
  const left = new Set(Array.from({ length: hidden }, (_, channel) => channel));
  const order: number[] = [];
  while (left.size > 0) {
    let best = -1;
    let largest = Number.NEGATIVE_INFINITY;
    for (const channel of left) {
      let gain = 0;
      for (const state of states) gain += state.gain(channel);
      if (gain > largest) {
        largest = gain;
        best = channel;
      }
    }
    for (const state of states) state.choose(best);
    left.delete(best);
    order.push(best);
  }
  return order;
}

/** What is still unexplained at one site: C, and C M C, of which only the diagonal is asked for, both kept up to date. */
class Site {
  private readonly covariance: Square;
  private readonly explained: Square;
  private readonly scale: number;
  private readonly floor: number;

  constructor(
    private readonly site: ReadingSite,
    private readonly hidden: number,
  ) {
    this.covariance = site.covariance.slice();
    const half = product(site.covariance, site.reading, hidden);
    this.explained = product(half, site.covariance, hidden);
    let total = 0;
    let largest = 0;
    for (let i = 0; i < hidden; i++) {
      for (let j = 0; j < hidden; j++) total += site.covariance[i * hidden + j] * site.reading[i * hidden + j];
      largest = Math.max(largest, site.covariance[i * hidden + i]);
    }
    this.scale = total > 0 ? 1 / total : 0;
    this.floor = largest * 1e-9;
  }

  /** Share of the results' variance that the channel would explain: (C M C)ⱼⱼ / Cⱼⱼ. */
  gain(channel: number): number {
    const at = channel * this.hidden + channel;
    return this.covariance[at] > this.floor ? (this.scale * this.explained[at]) / this.covariance[at] : 0;
  }

  /** C loses what the channel explains, c cᵀ / cⱼ; C M C follows. */
  choose(channel: number): void {
    const { hidden, covariance, explained } = this;
    const variance = covariance[channel * hidden + channel];
    if (variance <= this.floor) return;
    const c = covariance.slice(channel * hidden, (channel + 1) * hidden);
    const read = times(this.site.reading, c);
    const v = times(covariance, read); // C M c
    let energy = 0;
    for (let i = 0; i < hidden; i++) energy += c[i] * read[i];
    for (let i = 0; i < hidden; i++) {
      const [ci, vi] = [c[i] / variance, v[i] / variance];
      const row = i * hidden;
      const second = ci * (energy / variance) - vi;
      for (let j = 0; j < hidden; j++) {
        explained[row + j] += second * c[j] - ci * v[j];
        covariance[row + j] -= ci * c[j];
      }
    }
  }
}

function times(matrix: Square, vector: Float64Array): Float64Array {
  const size = vector.length;
  const result = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    const row = i * size;
    for (let j = 0; j < size; j++) sum += matrix[row + j] * vector[j];
    result[i] = sum;
  }
  return result;
}

function product(a: Square, b: Square, size: number): Square {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const into = result.subarray(i * size, (i + 1) * size);
    for (let k = 0; k < size; k++) {
      const scale = a[i * size + k];
      for (let j = 0; j < size; j++) into[j] += scale * b[k * size + j];
    }
  }
  return result;
}
