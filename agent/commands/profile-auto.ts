import { z } from '../../src/protocol/zod.js';
import { operation } from './operation.js';

export const profileAuto = operation({
  name: 'profile.auto',
  description: 'Leaves the choice of the profile to the agent again, and serves what it chooses now.',
  arguments: z.looseObject({}),
  limitMs: 120_000,
  run: async (_args, { profiles }) => profiles.auto(),
});
