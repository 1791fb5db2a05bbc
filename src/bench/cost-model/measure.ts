/** Measures every profile at every number of threads, quota and length: a process each, in a control group whose quota changes. */
import { join } from 'node:path';
import { type ControlGroup, PERIOD_US } from '../control-group.js';
import { LineProcess } from '../line-process.js';
import { rotated } from '../rounds.js';
import { median } from '../statistics.js';
import type { Ask, Told } from './service.js';

/** Long enough for some periods of a quota, and for some texts. */
const SERVE_MS = { throttled: 650, free: 300 };
/** What a change of the quota and of the length needs to settle. */
const SETTLE_MS = 120;

export interface Measuring {
  readonly packageRoot: string;
  readonly bundle: string;
  readonly profiles: readonly string[];
  readonly threads: readonly number[];
  readonly quotas: readonly number[];
  readonly tokens: readonly number[];
  /** Texts that are answered before memory is read. */
  readonly textsFile: string;
  readonly cache: string;
  readonly rounds: number;
  readonly group: ControlGroup;
  readonly say: (line: string) => void;
}

export interface Found {
  /** By profile, threads, quota and tokens. */
  readonly service: ReadonlyMap<string, number>;
  /** By profile and threads. */
  readonly memory: ReadonlyMap<string, { readonly rssAnonBytes: number; readonly rssBytes: number }>;
}

export const placeOf = (profile: string, threads: number, quota: number, tokens: number) =>
  `${profile}/${threads}/${quota}/${tokens}`;
export const processOf = (profile: string, threads: number) => `${profile}/${threads}`;

export async function measureAll(measuring: Measuring): Promise<Found> {
  const service = new Map<string, number[]>();
  const memory = new Map<string, { rssAnonBytes: number; rssBytes: number }>();
  for (let round = 0; round < measuring.rounds; round++) {
    const profiles = rotated(measuring.profiles, Math.floor((round * measuring.profiles.length) / measuring.rounds));
    for (const [at, profile] of profiles.entries()) {
      measuring.say(`round ${round + 1}: ${profile} (${at + 1} of ${profiles.length})`);
      for (const threads of measuring.threads) {
        const told = await measureOne(measuring, profile, threads, (place, ms) =>
          service.set(place, [...(service.get(place) ?? []), ms]),
        );
        if (told.rssAnonBytes !== null && told.rssBytes !== null)
          memory.set(processOf(profile, threads), { rssAnonBytes: told.rssAnonBytes, rssBytes: told.rssBytes });
      }
    }
  }
  return { service: new Map([...service].map(([place, all]) => [place, median(all)])), memory };
}

/** @returns what it told after the texts: its memory */
async function measureOne(
  { packageRoot, bundle, quotas, tokens, textsFile, cache, group }: Measuring,
  profile: string,
  threads: number,
  onService: (place: string, ms: number) => void,
): Promise<Told> {
  const program = join(packageRoot, 'dist', 'src', 'bench', 'cost-model', 'service-loop.js');
  group.setCores(null);
  const child = new LineProcess(
    group.inside({
      command: process.execPath,
      args: [program, bundle, profile, String(threads)],
      env: { SNUG_CACHE: cache },
    }),
  );
  const ask = async (what: Ask): Promise<Told> => JSON.parse(await child.ask(JSON.stringify(what)));
  try {
    const told = await ask({ kind: 'texts', file: textsFile });
    for (const quota of quotas) {
      group.setCores(quota);
      const pauseMs = quota < threads ? (PERIOD_US / 1000) * (1 - quota / threads) : 0;
      for (const length of tokens) {
        await ask({ kind: 'serve', tokens: length, limitMs: SETTLE_MS, pauseMs: 0 });
        const limitMs = pauseMs > 0 ? SERVE_MS.throttled : SERVE_MS.free;
        const { serviceMs } = await ask({ kind: 'serve', tokens: length, limitMs, pauseMs });
        onService(placeOf(profile, threads, quota, length), serviceMs);
      }
    }
    return told;
  } finally {
    group.setCores(null); // else it takes its time to end
    await child.end();
  }
}
