/** The memory that a profile takes in a process of its own, which does nothing but answer. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProcessMemory } from '../profile/process-memory.js';
import type { Workshop } from './build.js';
import type { DraftManifest } from './draft-manifest.js';

/** This file runs as JavaScript and, in tests, as TypeScript. */
const program = fileURLToPath(new URL(`./memory-child${extname(import.meta.url)}`, import.meta.url));
/** Texts that are answered before memory is read. */
const TEXTS = 300;

/** The tokenizer as processes that answer read it. */
export const TOKENIZER = 'tokenizer';

export interface MemoryTask {
  readonly modelPath: string;
  /** A tokenizer's image, where there is one, else tokenizer.json. */
  readonly tokenizerPath: string;
  readonly maxTokens: number;
  readonly lowerCaseFirst: boolean;
  readonly texts: readonly string[];
}

export async function measureMemory(
  { place }: Workshop,
  draft: DraftManifest,
  modelPath: string,
  texts: readonly string[],
): Promise<ProcessMemory> {
  const child = fork(program, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  try {
    const task: MemoryTask = {
      modelPath,
      tokenizerPath: place.path(TOKENIZER),
      maxTokens: draft.tokenizer.maxTokens,
      lowerCaseFirst: draft.tokenizer.lowerCaseFirst,
      texts: texts.slice(0, TEXTS),
    };
    child.send(task);
    const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])]);
    // What a report can't say is no reason to fail a build.
    return (answer as ProcessMemory | undefined) ?? { rssAnonBytes: null, rssBytes: null };
  } finally {
    child.kill('SIGKILL');
  }
}
