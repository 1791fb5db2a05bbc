/** A report of the size that a ladder has, its figures made up of a network's shape. */
import type { ReportData, ReportProfile } from '../../src/report/index.js';

const widths = [1, 0.75, 0.5, 0.25];
const prunes = [0, 0.25, 0.5, 0.75];
const bitWidths = [32, 8, 4];

/** A number between -1 and 1 that looks random and is always the same. */
const noise = (seed: number) => Math.sin(seed * 12.9898) * Math.cos(seed * 78.233);

function profileOf(width: number, prune: number, bits: number, seed: number): ReportProfile {
  const hidden = Math.round(384 * width);
  const kept = 1 - prune;
  const perLayer = hidden * (4 * 32 * Math.round(12 * kept) + 2 * Math.round(1536 * kept));
  const params = 30_900 * hidden + 6 * perLayer;
  const damage = 0.5 * (1 - width) ** 3 + 0.35 * prune ** 3 + (bits === 4 ? 0.02 : bits === 8 ? 0.002 : 0);
  const error = Math.min(0.9, 0.059 + damage + 0.3 * (1 - width) * prune ** 2 + 0.004 * noise(seed));
  const accuracy = Math.round((1 - error) * 3100) / 3100;
  const weightBytes = Math.round((params * bits) / 8 + 450_000);
  const p50 = 0.25 + (6 * perLayer * (bits === 32 ? 3.2 : bits === 8 ? 1 : 2.4)) / 1.3e7 + 0.03 * noise(seed + 1);
  const rssAnonBytes = Math.round(27e6 + 0.2 * weightBytes + 4e5 * noise(seed + 2));
  return {
    profile: `w${width.toFixed(2)}-p${prune.toFixed(2)}-q${bits}`,
    accuracy,
    inScopeTop1: Math.min(1, accuracy + 0.02),
    inScopeAccuracy: accuracy + 0.001,
    outOfScopeRecall: accuracy * 0.95,
    params,
    weightBytes,
    macsPerToken: 6 * perLayer,
    latencyMs: { p50, p95: 1.4 * p50 },
    rssAnonBytes,
    rssBytes: rssAnonBytes + Math.round(5e7 + weightBytes * 0.8),
  };
}

const bag: ReportProfile = {
  profile: 'bag-q8',
  note: 'no attention layers: averaged embeddings',
  accuracy: 2520 / 3100,
  inScopeTop1: 0.84,
  inScopeAccuracy: 0.82,
  outOfScopeRecall: 0.7,
  params: 3_900_000,
  weightBytes: 4_100_000,
  macsPerToken: 0,
  latencyMs: { p50: 0.12, p95: 0.16 },
  rssAnonBytes: 26_000_000,
  rssBytes: 76_000_000,
};

/** Names for each profile one that is better in everything, where there is one. */
function withDominated(profiles: readonly ReportProfile[]): ReportProfile[] {
  const costs = ({ weightBytes, latencyMs, rssAnonBytes }: ReportProfile) => [
    weightBytes,
    latencyMs?.p50 ?? 0,
    rssAnonBytes ?? 0,
  ];
  return profiles.map((profile) => {
    const better = profiles.find(
      (other) =>
        other !== profile &&
        (other.accuracy ?? 0) >= (profile.accuracy ?? 0) &&
        costs(other).every((cost, i) => cost <= costs(profile)[i]),
    );
    return better ? { ...profile, dominatedBy: better.profile } : profile;
  });
}

/** 49 profiles: four widths, four prune ratios, three bit widths, and the floor. */
export const ladder: readonly ReportProfile[] = withDominated([
  ...widths.flatMap((width, i) =>
    prunes.flatMap((prune, j) => bitWidths.map((bits, k) => profileOf(width, prune, bits, 100 * i + 10 * j + k))),
  ),
  bag,
]);

export function sampleReport(more: Partial<ReportData> = {}): ReportData {
  return {
    bundle: {
      name: 'bundle',
      checkpoint: 'all-MiniLM-L6-v2',
      licence: 'apache-2.0',
      labels: 150,
      bytes: 19_600_000,
      recipe: 'fast',
      store: 'q8',
    },
    data: { train: { file: 'train.tsv', rows: 15_100 }, evaluation: { file: 'eval.tsv', rows: 3100 } },
    tool: 'snug 0.1.0',
    command:
      'snug build all-MiniLM-L6-v2 --data train.tsv --eval eval.tsv --none oos --recipe fast --store q8 --seed 1 -o bundle',
    created: '2026-11-24T04:36:31.613Z',
    seconds: 2730,
    machine: {
      cpu: 'Example CPU @ 2.10GHz',
      cores: 2,
      memoryBytes: 8_200_000_000,
      node: 'v20.19.5',
      onnxruntime: '1.30.0',
      instructionSet: 'x64 avx2 avx512f avx512_vnni',
    },
    profiles: ladder,
    ...more,
  };
}
