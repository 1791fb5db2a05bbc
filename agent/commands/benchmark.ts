import { z } from '../../src/protocol/zod.js';
import { operation } from './operation.js';

/** What it may take at most, and what is added for a child that has to be ended. */
const LONGEST_S = 300;
const SPARE_MS = 10_000;

export const benchmark = operation({
  name: 'benchmark',
  description:
    'Measures profiles on this board, one text at a time, in a process beside the agent that gives way to the stream: latency and memory.',
  arguments: z.looseObject({
    profiles: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(64)
      .optional()
      .meta({ description: 'default: the profile in force and those that it could be changed for' }),
    texts: z.int().min(1).max(5000).default(200).meta({ description: 'texts to a profile' }),
    limitS: z.int().min(1).max(LONGEST_S).default(60).meta({ description: 'it ends after so many seconds' }),
  }),
  limitMs: LONGEST_S * 1000 + SPARE_MS,
  run: async ({ profiles: names, texts, limitS }, { profiles }, progress) =>
    profiles.benchmark({ names, texts, limitMs: limitS * 1000 }, progress),
});
