/**
 * How quick a board is, as a few rates for each kind of product: a text's time is the sum of counted work times its rates. The
 * rates are fitted to a handful of measurements by non-negative least squares of the relative error, drawn to those of a known
 * machine where measurements say little (ridge).
 */
import type { Kind, Work } from './work.js';

/** Milliseconds each, in the order of `countsOf`. */
export interface Rates {
  readonly perUnit: readonly number[];
  /** Weights beyond so many bytes don't stay in the processor's caches from one text to the next. */
  readonly cacheBytes: number;
}

export type RatesByKind = Readonly<Record<Kind, Rates>>;

/** What is counted: its name, and its unit. */
export const counted = [
  ['text', 'one'],
  ['token', 'one'],
  ['layer', 'one'],
  ['multiplication', '1e6'],
  ['weight byte', '1e6'],
  ['weight byte beyond the caches', '1e6'],
  ['neuron', '1e3'],
  ['channel', '1e3'],
  ['pair of tokens', '1e6'],
] as const;

/** Counts of the work for one text of so many tokens. */
export function countsOf(work: Work, tokens: number, cacheBytes: number): number[] {
  const read = work.layerBytes + work.headBytes;
  return [
    1,
    tokens,
    work.layers,
    (work.macsPerToken * tokens) / 1e6,
    read / 1e6,
    Math.max(0, read - cacheBytes) / 1e6,
    (work.neurons * tokens) / 1e3,
    ((work.channels + 2 * work.hiddenSize) * tokens) / 1e3,
    (work.attentionWidth * tokens ** 2) / 1e6,
  ];
}

/** Milliseconds that one text takes from text to answer, alone and warm, where nothing holds it up. */
export function textMs(work: Work, tokens: number, { perUnit, cacheBytes }: Rates): number {
  return countsOf(work, tokens, cacheBytes).reduce((sum, count, at) => sum + count * perUnit[at], 0);
}

/** One measurement. */
export interface Sample {
  readonly work: Work;
  readonly tokens: number;
  readonly ms: number;
}

/** Pull towards the known machine's rates, against one measurement's weight of 1. */
const RIDGE = 0.003;
const ROUNDS = 400;
/** Caches of boards, tried beside the known machine's size; they must explain what was measured so much better. */
const SMALL_CACHES_BYTES = [0.5e6, 1e6, 2e6, 4e6];
const CLEARLY_BETTER = 0.6;

/** Rates of one kind. Without samples the known machine's rates are taken, `slower` times. */
export function fitRates(samples: readonly Sample[], known: Rates, slower: number): Rates {
  if (samples.length === 0) return scaled(known, slower);
  const speed = medianOf(samples.map(({ work, tokens, ms }) => ms / textMs(work, tokens, known)));
  const prior = known.perUnit.map((rate) => rate * speed);
  const under = (cacheBytes: number) => {
    const rows = samples.map(({ work, tokens, ms }) => countsOf(work, tokens, cacheBytes).map((count) => count / ms));
    const perUnit = ridge(rows, prior);
    return { cacheBytes, perUnit, loss: rows.reduce((sum, row) => sum + (dot(row, perUnit) - 1) ** 2, 0) };
  };
  const usual = under(known.cacheBytes);
  const small = SMALL_CACHES_BYTES.map(under).reduce((least, each) => (each.loss < least.loss ? each : least));
  const { perUnit, cacheBytes } = small.loss < CLEARLY_BETTER * usual.loss ? small : usual;
  return { perUnit, cacheBytes };
}

export function scaled({ perUnit, cacheBytes }: Rates, slower: number): Rates {
  return { perUnit: perUnit.map((rate) => rate * slower), cacheBytes };
}

/** How many times as long the samples take as the known machine would; 1 without samples. */
export function slowness(samples: readonly Sample[], known: RatesByKind): number {
  const ratios = samples.map(({ work, tokens, ms }) => ms / textMs(work, tokens, known[work.kind]));
  return ratios.length === 0 ? 1 : medianOf(ratios);
}

/** Minimises |rows · x - 1|² + RIDGE · Σ ((x - prior) / scale)² over x ≥ 0, by coordinate descent. */
function ridge(rows: readonly (readonly number[])[], prior: readonly number[]): number[] {
  const scales = scalesOf(rows, prior);
  const x = [...prior];
  const misses = rows.map((row) => dot(row, x) - 1);
  for (let round = 0; round < ROUNDS; round++)
    for (let at = 0; at < x.length; at++) {
      const pull = RIDGE / scales[at] ** 2;
      const slope = rows.reduce((sum, row, i) => sum + row[at] * misses[i], 0) + pull * (x[at] - prior[at]);
      const bend = rows.reduce((sum, row) => sum + row[at] ** 2, 0) + pull;
      const next = Math.max(0, x[at] - slope / bend);
      const step = next - x[at];
      if (step === 0) continue;
      for (let i = 0; i < rows.length; i++) misses[i] += rows[i][at] * step;
      x[at] = next;
    }
  return x;
}

/** How far a rate may stray: by itself, or by what makes a tenth of a text's time, whichever is more. */
function scalesOf(rows: readonly (readonly number[])[], prior: readonly number[]): number[] {
  return prior.map((rate, at) => {
    const largest = Math.max(...rows.map((row) => row[at]), 1e-9);
    return Math.max(rate, 0.1 / largest);
  });
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * b[at], 0);

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
