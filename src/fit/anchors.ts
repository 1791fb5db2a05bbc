/** Which profiles a board is measured with: few, the most telling ones first, so that measuring can end at any time. */
import { type Manifest, parseProfile } from '../bundle/index.js';
import { kinds, type Work, workOf } from './work.js';

export interface Anchor {
  readonly profile: string;
  readonly work: Work;
}

/** Where between the smallest (0) and the largest (1) network of a kind an anchor stands, by multiplications. */
const PLACES = [0.25, 0, 1, 0.1, 0.5];
/** Networks with more weights fit no cache, and their likeness reads memory in another way than they do. */
const LARGEST_BYTES = 12e6;

/** @param roomBytes networks whose weights take more than this are left out: they would push everything else out of memory */
export function anchorsOf(manifest: Manifest, roomBytes = Number.POSITIVE_INFINITY): Anchor[] {
  const works = manifest.ladder.map(({ profile }) => ({ profile, work: workOf(manifest, profile) }));
  const most = Math.min(roomBytes, LARGEST_BYTES);
  const byKind = kinds.map((kind) =>
    works
      .filter(({ profile, work }) => work.kind === kind && work.layerBytes <= most && !parseProfile(profile).suffix)
      .sort((a, b) => a.work.macsPerToken - b.work.macsPerToken || (a.profile < b.profile ? -1 : 1)),
  );
  const chosen = PLACES.flatMap((place) => byKind.flatMap((sorted) => nearest(sorted, place) ?? []));
  return [...new Map(chosen.map((anchor) => [anchor.profile, anchor])).values()];
}

function nearest(sorted: readonly Anchor[], place: number): Anchor | undefined {
  const [least, largest] = [sorted.at(0)?.work.macsPerToken ?? 0, sorted.at(-1)?.work.macsPerToken ?? 0];
  const wanted = least + place * (largest - least);
  const distance = ({ work }: Anchor) => Math.abs(work.macsPerToken - wanted);
  return sorted.toSorted((a, b) => distance(a) - distance(b)).at(0);
}
