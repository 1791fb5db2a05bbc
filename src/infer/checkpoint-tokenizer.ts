/** A checkpoint's tokenizer, checked against its embedding table. */
import type { Checkpoint } from '../checkpoint/index.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { requireAgreement } from '../tokenizer/model-tokenizer.js';

/** As its file says; `modelTokenizer` makes it what the network reads. @throws TOKENIZER_… */
export async function loadCheckpointTokenizer({ tokenizer, config, maxTokens }: Checkpoint): Promise<Tokenizer> {
  const loaded = await loadTokenizer(tokenizer.path, { maxTokens });
  requireAgreement(tokenizer.path, loaded, config.vocabSize);
  return loaded;
}
