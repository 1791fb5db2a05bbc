/** The process that measure-memory.ts starts: loads one profile, answers, and tells its memory. */
import { readFile } from 'node:fs/promises';
import { EncoderSession, keepHeapSmall } from '../infer/index.js';
import { processMemory } from '../profile/process-memory.js';
import { fromImage } from '../tokenizer/image.js';
import { modelTokenizer } from '../tokenizer/model-tokenizer.js';
import type { MemoryTask } from './measure-memory.js';

keepHeapSmall();
process.once('message', async (task: MemoryTask) => {
  const { modelPath, tokenizerPath, maxTokens, lowerCaseFirst, texts } = task;
  const image = fromImage(await readFile(tokenizerPath), maxTokens);
  // Loaded only where there is no image, as bundles are loaded.
  const plain = image ?? (await (await import('../tokenizer/index.js')).loadTokenizer(tokenizerPath, { maxTokens }));
  const tokenizer = modelTokenizer(plain, lowerCaseFirst);
  const session = await EncoderSession.open(modelPath, { threads: 1 });
  for (const text of texts) await session.run([tokenizer.encode(text).ids], tokenizer.padTokenId, ['logits']);
  process.send?.(processMemory());
});
