/**
 * A machine that was measured at length: where a board has been measured little, its rates are this one's, so many times slower;
 * for a board that is not here, they are scaled by what is known of both processors.
 */
import type { RatesByKind } from './rates.js';

export interface Reference {
  readonly name: string;
  /** For one thread. */
  readonly rates: RatesByKind;
  readonly held: { readonly rssAnonBytes: number; readonly rssBytes: number };
  readonly instructions: string;
  readonly clockMHz: number;
  /** 7-zip on one core. */
  readonly sevenZipMips: number;
  readonly memcpyMBPerS: number;
}

export const reference: Reference = {
  name: 'an AMD EPYC of the Zen 5 family',
  rates: {
    q32: { perUnit: [0.06, 0.0015, 0.0064, 0.0087, 0.0063, 0.03, 0.00063, 0.0005, 0.038], cacheBytes: 16e6 },
    q8: { perUnit: [0.065, 0.0015, 0.0076, 0.0021, 0.0078, 0.0139, 0.0012, 0.0016, 0.031], cacheBytes: 16e6 },
    q4: { perUnit: [0.06, 0.0015, 0.007, 0.0054, 0.0033, 0.0276, 0.0036, 0.0028, 0.04], cacheBytes: 16e6 },
    bag: { perUnit: [0.045, 0.003, 0.0035, 0.0035, 0.0069, 0.0141, 0.0007, 0.0015, 0.02], cacheBytes: 16e6 },
  },
  held: { rssAnonBytes: 31e6, rssBytes: 97e6 },
  instructions: 'x64 avx2 avx_vnni avx512f avx512_vnni',
  clockMHz: 4000,
  sevenZipMips: 4600,
  memcpyMBPerS: 12_000,
};
