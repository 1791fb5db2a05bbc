import { z } from '../../src/protocol/zod.js';
import { operation } from './operation.js';

export const ping = operation({
  name: 'ping',
  lane: 'quick',
  description: 'Answers, and says how long the agent has been running.',
  arguments: z.looseObject({}),
  run: async (_args, { version, uptimeMs, session }) => ({ version, uptimeMs: uptimeMs(), session: session() }),
});
