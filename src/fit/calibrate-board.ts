/** The child's part of a calibration: likenesses of a few profiles, each timed at a few lengths. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { networkOf, openBundle } from '../bundle/index.js';
import { decisionOf, EncoderSession, keepHeapSmall, LoadedModel, loadBundleTokenizer } from '../infer/index.js';
import { processMemory } from '../profile/process-memory.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { type Anchor, anchorsOf } from './anchors.js';
import { LIKENESS_VOCABULARY, writeLikeness } from './likeness.js';
import type { Said, Task } from './task.js';
import { type Effort, timed } from './timing.js';
import { textOf, wordsOf } from './words.js';

const LENGTHS = [8, 32, 128];
const EFFORT: Effort = { leastRuns: 4, mostRuns: 40, limitMs: 20 };
/** A length that is likely to take longer than this is left out: its time is better spent on another network. */
const MOST_RUN_MS = 60;

export async function calibrateBoard(
  { bundle: folder, threads, limitMs, roomBytes }: Extract<Task, { kind: 'calibrate' }>,
  say: (said: Said) => void,
): Promise<void> {
  keepHeapSmall();
  const endMs = performance.now() - process.uptime() * 1000 + limitMs;
  const bundle = await openBundle(folder);
  const tokenizer = await loadBundleTokenizer(bundle);
  const words = await wordsOf(bundle);
  const texts = LENGTHS.map((tokens) => textOf(words, tokens, (text) => tokenizer.encode(text).ids.length));
  const work = await mkdtemp(join(tmpdir(), 'snug-measure-'));
  const measure = async ({ profile }: Anchor, count: number) => {
    const modelPath = await writeLikeness(networkOf(bundle.manifest, profile), work);
    const model = new LoadedModel({
      profile,
      tokenizer: withinLikeness(tokenizer),
      session: await EncoderSession.open(modelPath, { threads: count }),
      bits: 32,
      decision: decisionOf(bundle.manifest, profile),
    });
    try {
      let lastMs = 0;
      for (const text of texts) {
        if (performance.now() > endMs || 4 * lastMs > MOST_RUN_MS) return;
        const timing = await timed(model, text, EFFORT);
        if (timing === undefined) return;
        lastMs = timing.ms;
        say({ kind: 'timed', profile, threads: count, tokens: tokenizer.encode(text).ids.length, ...timing });
      }
    } finally {
      await model.close();
    }
  };
  try {
    for (const [index, anchor] of anchorsOf(bundle.manifest, roomBytes).entries()) {
      for (const count of threads) if (performance.now() < endMs) await measure(anchor, count);
      const { rssAnonBytes, rssBytes } = processMemory();
      // Later on the networks that were measured have left their traces.
      if (index === 0 && rssAnonBytes !== null && rssBytes !== null) say({ kind: 'held', rssAnonBytes, rssBytes });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The same tokens, under numbers that the likeness has rows for. */
function withinLikeness(tokenizer: Tokenizer): Tokenizer {
  const { vocabSize, maxTokens, padTokenId, unknownId } = tokenizer;
  const encode = (text: string) => {
    const { ids, truncated } = tokenizer.encode(text);
    return { ids: ids.map((id) => id % LIKENESS_VOCABULARY), truncated };
  };
  return { vocabSize, maxTokens, padTokenId: padTokenId % LIKENESS_VOCABULARY, unknownId, encode };
}
