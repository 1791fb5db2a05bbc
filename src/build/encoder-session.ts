/** A shape's encoder without a head, in float32, for as long as it is needed. */
import { rm } from 'node:fs/promises';
import { FULL_PROFILE, formatProfile, networkOf, parseProfile } from '../bundle/index.js';
import { type Master, planFrom, writeProfile } from '../bundle/making.js';
import { EncoderSession } from '../infer/index.js';
import type { Workshop } from './build.js';
import type { DraftManifest } from './draft-manifest.js';

export async function withEncoder<Result>(
  { place, options }: Workshop,
  master: Master,
  draft: DraftManifest,
  shape: string,
  more: { readonly ranges?: boolean },
  use: (session: EncoderSession) => Promise<Result>,
): Promise<Result> {
  const profile = draft.ladder.find((rung) => rung.profile.startsWith(`${shape}-q`))?.profile ?? FULL_PROFILE;
  const network = networkOf(draft, formatProfile(parseProfile(profile)));
  const { head: _, ...encoder } = network.options;
  const { plan, source } = await planFrom(master, { ...network, options: { ...encoder, bits: 32, ...more } });
  const folder = place.path(`encoder ${shape}`);
  try {
    const { modelPath } = await writeProfile(plan, source, folder);
    const session = await EncoderSession.open(modelPath, { threads: options.threads });
    try {
      return await use(session);
    } finally {
      await session.release();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
