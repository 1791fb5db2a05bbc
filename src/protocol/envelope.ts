import { z } from './zod.js';

/** What every message has: the version of this contract, and when it was written. */
export const envelope = {
  v: z.literal(1),
  ts: z.iso.datetime().meta({ description: 'ISO 8601, UTC' }),
};
