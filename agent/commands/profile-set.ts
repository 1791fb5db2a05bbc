import { z } from '../../src/protocol/zod.js';
import { operation } from './operation.js';

export const profileSet = operation({
  name: 'profile.set',
  description: 'Serves a profile and stays with it, until profile.auto; refused where it does not fit this board.',
  arguments: z.looseObject({
    profile: z.string().min(1).max(64).meta({ description: 'a profile of the bundle, such as w0.50-p0.25-q8' }),
  }),
  limitMs: 120_000,
  run: async ({ profile }, { profiles }) => profiles.pin(profile),
});
