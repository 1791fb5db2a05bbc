/** A bundle's tokenizer, from the image that an earlier start left in the cache where there is one. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, cacheFolder, files } from '../bundle/index.js';
import { keepInCache } from '../files/index.js';
import { fromImage, IMAGE_VERSION, imageOf } from '../tokenizer/image.js';
import type { Tokenizer } from '../tokenizer/types.js';

/** @throws TOKENIZER_… where there is no image and tokenizer.json is not sound */
export async function loadBundleTokenizer({ manifest, tokenizerPath }: Bundle): Promise<Tokenizer> {
  const { maxTokens } = manifest.tokenizer;
  const name = `${manifest.files[files.tokenizer].sha256.slice(0, 24)}-${IMAGE_VERSION}.bin`;
  const path = join(cacheFolder(), 'tokenizers', name);
  const image = await readFile(path).catch(() => undefined);
  const cached = image && fromImage(image, maxTokens);
  if (cached) return cached;
  // Loaded only where there is no image: the readers of tokenizer.json and vocab.txt.
  const { loadTokenizer } = await import('../tokenizer/index.js');
  const tokenizer = await loadTokenizer(tokenizerPath, { maxTokens });
  const made = imageOf(tokenizer);
  if (made) await keepInCache(path, made);
  return tokenizer;
}
