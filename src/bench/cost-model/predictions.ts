/** What `snug fit` predicts from an empty state, written down before any profile was cut, not to speak of run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { SnugError } from '../../errors/index.js';

export interface Predicted {
  readonly latencyMs: number;
  readonly cpuMs: number;
  readonly rssAnonBytes: number;
  readonly rssBytes: number;
}

/** By `profile/threads/tokens`. */
export type Predictions = ReadonlyMap<string, Predicted>;

export const pointOf = (profile: string, threads: number, tokens: number) => `${profile}/${threads}/${tokens}`;

export interface Predicting {
  readonly cli: string;
  readonly bundle: string;
  readonly threads: readonly number[];
  readonly tokens: readonly number[];
  /** A folder with nothing in it: what is measured of the machine goes there. */
  readonly cache: string;
  /** Where the predictions are written down. */
  readonly file: string;
}

export async function predict({ cli, bundle, threads, tokens, cache, file }: Predicting): Promise<Predictions> {
  const predictions = new Map<string, Predicted>();
  for (const count of threads)
    for (const length of tokens) {
      const args = ['fit', bundle, '--json', '--threads', String(count), '--tokens', String(length), '--ram', '64G'];
      const { candidates } = JSON.parse(await said(cli, args, cache));
      for (const { profile, predicted } of candidates) predictions.set(pointOf(profile, count, length), predicted);
    }
  await writeFile(file, `${JSON.stringify(Object.fromEntries(predictions), null, 1)}\n`);
  return predictions;
}

async function said(cli: string, args: readonly string[], cache: string): Promise<string> {
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SNUG_CACHE: cache },
  });
  let out = '';
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new SnugError('BENCH_CHILD', `snug ${args.join(' ')} ended with code ${code}`);
  return out;
}
