import { z } from '../../src/protocol/zod.js';
import { operation } from './operation.js';

export const configSet = operation({
  name: 'config.set',
  description:
    'Lays a part of a configuration over the one in force (null takes a key back), tries it, and goes back by itself where the agent does not become healthy or loses its broker.',
  arguments: z.looseObject({
    config: z.record(z.string(), z.unknown()).meta({ description: 'sections and keys as in the configuration file' }),
  }),
  limitMs: 120_000,
  unrepeated: ['config'], // a password may stand in it
  run: async ({ config }, { life, command }, progress) => life.setConfig(config, command, progress),
});
