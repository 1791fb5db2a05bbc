/** Compression profiles by name: `w0.50-p0.25-q8` is half the width, a quarter of heads and neurons removed, 8 bits. */
import { SnugError } from '../errors/index.js';

export const bitWidths = [32, 8] as const;
export type Bits = (typeof bitWidths)[number];

export interface Profile {
  /** Share of the hidden size that is kept, 0 to 1. */
  readonly width: number;
  /** Share of heads and of feed-forward neurons that is removed in every layer, 0 to 1. */
  readonly prune: number;
  /** Bits a weight, the embedding table's too; 32 is float32. */
  readonly bits: Bits;
}

/** The whole model in float32: what every other profile is compared with. */
export const FULL_PROFILE = 'w1.00-p0.00-q32';
/** What runs where nobody chose. */
export const DEFAULT_PROFILE = 'w1.00-p0.00-q8';

export function formatProfile({ width, prune, bits }: Profile): string {
  return `w${width.toFixed(2)}-p${prune.toFixed(2)}-q${bits}`;
}

/** Reads a profile's name. @throws PROFILE_NAME where it is none */
export function parseProfile(name: string): Profile {
  const match = /^w([01]\.\d\d)-p(0\.\d\d)-q([1-9]\d?)$/.exec(name);
  const bits = bitWidths.find((known) => known === Number(match?.[3]));
  const width = Number(match?.[1]);
  if (!match || bits === undefined || width > 1 || width === 0) {
    const form = `a width, a prune ratio and bits (${bitWidths.join(' or ')}), such as ${DEFAULT_PROFILE}`;
    throw new SnugError('PROFILE_NAME', `'${name}' is no profile: expected ${form}`);
  }
  return { width, prune: Number(match[2]), bits };
}

/** The names of a list that are nearest to a wanted profile, nearest first. */
export function nearestProfiles(wanted: Profile, names: readonly string[], count = 3): string[] {
  const distance = (name: string) => {
    const { width, prune, bits } = parseProfile(name);
    const octaves = Math.abs(Math.log2(bits) - Math.log2(wanted.bits));
    return Math.abs(width - wanted.width) + Math.abs(prune - wanted.prune) + octaves / 4;
  };
  return names.toSorted((a, b) => distance(a) - distance(b)).slice(0, count);
}
