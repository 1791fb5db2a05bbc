/** Cuts profiles into a cache, a process each, as many at once as there are cores. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { SnugError } from '../../errors/index.js';

export interface Cutting {
  readonly packageRoot: string;
  readonly bundle: string;
  readonly profiles: readonly string[];
  readonly cache: string;
}

/** @throws BENCH_CHILD */
export async function cutAll({ packageRoot, bundle, profiles, cache }: Cutting): Promise<void> {
  const module = JSON.stringify(join(packageRoot, 'dist', 'src', 'bundle', 'index.js'));
  const script = `import { materialiseProfile, openBundle } from ${module};
    const [, folder, profile] = process.argv;
    await materialiseProfile(await openBundle(folder), profile);`;
  const waiting = [...profiles];
  const work = async () => {
    for (let profile = waiting.shift(); profile !== undefined; profile = waiting.shift()) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, bundle, profile], {
        stdio: ['ignore', 'ignore', 'inherit'],
        // All of them stay: the cache's usual limit is that of a board.
        env: { ...process.env, SNUG_CACHE: cache, SNUG_CACHE_MB: '100000' },
      });
      const [code] = await once(child, 'close');
      if (code !== 0) throw new SnugError('BENCH_CHILD', `cutting ${profile} ended with code ${code}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}
