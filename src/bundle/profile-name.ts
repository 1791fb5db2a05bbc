/** Compression profiles by name: `w0.50-p0.25-q8` is half the width, a quarter of heads and neurons removed, 8 bits. */
import { SnugError } from '../errors/index.js';

export const bitWidths = [32, 8, 4] as const;
export type Bits = (typeof bitWidths)[number];

export interface Profile {
  /** Share of the hidden size that is kept, 0 to 1. */
  readonly width: number;
  /** Share of heads and of feed-forward neurons that is removed in every layer, 0 to 1. */
  readonly prune: number;
  /** Bits a weight, the embedding table's too; 32 is float32. */
  readonly bits: Bits;
  /** Tells apart profiles with counts of their own for each layer. */
  readonly suffix?: string;
  /** No layers at all: averaged embeddings under a head. */
  readonly bag?: true;
}

/** The whole model in float32: what every other profile is compared with. */
export const FULL_PROFILE = 'w1.00-p0.00-q32';
/** What runs where nobody chose. */
export const DEFAULT_PROFILE = 'w1.00-p0.00-q8';
/** The shape without attention layers. */
export const BAG = 'bag';

export function formatProfile(profile: Profile): string {
  const suffix = profile.suffix === undefined ? '' : `+${profile.suffix}`;
  if (profile.bag) return `${BAG}-q${profile.bits}${suffix}`;
  return `w${profile.width.toFixed(2)}-p${profile.prune.toFixed(2)}-q${profile.bits}${suffix}`;
}

/** The profile's name without its bits: `w0.50-p0.25`, `bag`. Profiles of one shape differ in their bits only. */
export function shapeName(profile: Pick<Profile, 'width' | 'prune' | 'suffix' | 'bag'>): string {
  return formatProfile({ ...profile, bits: 8 }).replace('-q8', '');
}

/** Reads a profile's name. @throws PROFILE_NAME where it is none */
export function parseProfile(name: string): Profile {
  const match = /^(?:w([01]\.\d\d)-p(0\.\d\d)|(bag))-q([1-9]\d?)(?:\+([a-z][a-z0-9]*))?$/.exec(name);
  const [, wide, pruned, bag, bitCount, suffix] = match ?? [];
  const bits = bitWidths.find((known) => known === Number(bitCount));
  const width = bag ? 1 : Number(wide);
  if (!match || bits === undefined || width > 1 || width === 0) {
    const form = `a width, a prune ratio and bits (${bitWidths.join(', ')}), such as ${DEFAULT_PROFILE}`;
    throw new SnugError('PROFILE_NAME', `'${name}' is no profile: expected ${form}`);
  }
  const own = suffix === undefined ? {} : { suffix };
  return bag ? { width, prune: 1, bits, ...own, bag: true } : { width, prune: Number(pruned), bits, ...own };
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
