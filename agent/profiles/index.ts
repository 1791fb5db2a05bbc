/** The profiles of the agent's bundle: named, made ready beside the stream, loaded, measured. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, files, isCached, openBundle } from '../../src/bundle/index.js';
import { loadBundleTokenizer, loadProfile } from '../../src/infer/index.js';
import type { Model } from '../../src/infer/types.js';
import { doApart, type ErrandOptions } from './errands.js';
import type { Measured } from './task.js';

export type { Measured } from './task.js';

/** A profile as the ladder has it. */
export interface LadderRung {
  readonly profile: string;
  readonly accuracy: number | null;
  readonly weightBytes: number;
}

/** Where the agent's models come from. */
export interface Profiles {
  /** Names the bundle's content. */
  readonly identity: string;
  readonly ladder: readonly LadderRung[];
  /** Loads a profile that is ready. @throws MODEL_LOAD, TOKENIZER_… */
  load(profile: string): Promise<Model>;
  isReady(profile: string): Promise<boolean>;
  /** Makes a profile ready to be loaded, in a process of its own. @throws BUNDLE_DAMAGED, CACHE_WRITE, DISK_FULL, CHILD_ENDED */
  prepare(profile: string, options?: ErrandOptions): Promise<void>;
  /** Measures a profile that is ready, in a process of its own. @throws MODEL_LOAD, CHILD_ENDED */
  measure(profile: string, texts: number, limitMs: number, options?: ErrandOptions): Promise<Measured>;
}

export class BundleProfiles implements Profiles {
  readonly identity: string;
  readonly ladder: readonly LadderRung[];
  #tokenizer: ReturnType<typeof loadBundleTokenizer> | undefined;

  private constructor(
    private readonly bundle: Bundle,
    private readonly threads: number,
  ) {
    this.identity = bundle.identity;
    this.ladder = bundle.manifest.ladder.map(({ profile, accuracy, weightBytes }) => ({
      profile,
      accuracy: accuracy ?? null,
      weightBytes,
    }));
  }

  /** @throws BUNDLE_… */
  static async open({
    bundle,
    threads,
  }: {
    readonly bundle: string;
    readonly threads: number;
  }): Promise<BundleProfiles> {
    return new BundleProfiles(await openBundle(bundle), threads);
  }

  async load(profile: string): Promise<Model> {
    this.#tokenizer ??= loadBundleTokenizer(this.bundle); // one for all profiles: its tables are megabytes
    return await loadProfile(this.bundle, { profile, threads: this.threads, tokenizer: await this.#tokenizer });
  }

  isReady(profile: string): Promise<boolean> {
    return isCached(this.bundle, profile);
  }

  async prepare(profile: string, options?: ErrandOptions): Promise<void> {
    if (await this.isReady(profile)) return;
    await doApart({ kind: 'cut', bundle: this.bundle.folder, profile }, options);
  }

  async measure(profile: string, texts: number, limitMs: number, options?: ErrandOptions): Promise<Measured> {
    const task = { kind: 'measure', bundle: this.bundle.folder, profile, threads: this.threads } as const;
    const measured = await doApart({ ...task, texts: await this.#texts(texts), limitMs }, options);
    return measured ?? { texts: 0, p50Ms: 0, p95Ms: 0, p50Tokens: 0, rssAnonBytes: null, rssBytes: null };
  }

  /** The bundle's golden texts, over and over. */
  async #texts(count: number): Promise<string[]> {
    const lines = (await readFile(join(this.bundle.folder, files.golden), 'utf8')).split('\n').filter(Boolean);
    const golden = lines.map((line): string => JSON.parse(line).text);
    return Array.from({ length: count }, (_, i) => golden[i % golden.length]);
  }
}
