/** Pooled vectors of a checkpoint, in float32, or of a bundle's profile. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { files } from '../bundle/index.js';
import { writeProfile } from '../bundle/making.js';
import { openCheckpoint } from '../checkpoint/index.js';
import { SnugError } from '../errors/index.js';
import { loadCheckpointTokenizer } from '../infer/checkpoint-tokenizer.js';
import { EncoderSession, LoadedModel, load } from '../infer/index.js';
import { planEncoder, shapeOf } from '../model/index.js';
import { modelTokenizer } from '../tokenizer/model-tokenizer.js';

export interface Embedder {
  /** One answer a text, in the order given; vectors as long as the hidden size, not normalised. */
  embed(texts: readonly string[]): Promise<{ ids: readonly number[]; vector: Float32Array }[]>;
  close(): Promise<void>;
}

/** @throws CHECKPOINT_…, BUNDLE_…, PROFILE_… */
export async function openEmbedder(folder: string, profile: string | undefined): Promise<Embedder> {
  const isBundle = await stat(join(folder, files.manifest)).then(
    () => true,
    () => false,
  );
  if (isBundle) {
    const model = await load(folder, { profile });
    return embedderOf(model, () => model.close());
  }
  if (profile !== undefined)
    throw new SnugError('USAGE', `${folder}: a checkpoint has no profiles; --profile needs a bundle`);
  return openCheckpointEmbedder(folder);
}

/** The checkpoint's graph lives in a temporary folder as long as it is open. */
async function openCheckpointEmbedder(folder: string): Promise<Embedder> {
  const checkpoint = await openCheckpoint(folder);
  const temporary = await mkdtemp(join(tmpdir(), 'snug-embed-'));
  const remove = () => rm(temporary, { recursive: true, force: true });
  try {
    const tokenizer = await loadCheckpointTokenizer(checkpoint);
    const plan = planEncoder(shapeOf(checkpoint), { bits: 32, pooling: checkpoint.pooling });
    const { modelPath } = await writeProfile(plan, checkpoint.tensors, join(temporary, 'model'));
    const model = new LoadedModel({
      profile: 'checkpoint',
      tokenizer: modelTokenizer(tokenizer, checkpoint.tokenizer.lowerCaseFirst),
      session: await EncoderSession.open(modelPath, { threads: 1 }),
      bits: 32,
      decision: { labels: [], noneLabel: '', problem: 'single', calibration: { temperature: 1 } },
    });
    return embedderOf(model, async () => {
      await model.close();
      await remove();
    });
  } catch (error) {
    await remove();
    throw error;
  } finally {
    await checkpoint.close();
  }
}

function embedderOf(model: LoadedModel, close: () => Promise<void>): Embedder {
  return {
    embed: async (texts) => {
      const vectors = await model.embed(texts);
      return texts.map((text, index) => ({ ids: model.encode(text).ids, vector: vectors[index] }));
    },
    close,
  };
}
