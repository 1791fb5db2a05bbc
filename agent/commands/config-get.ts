import { z } from '../../src/protocol/zod.js';
import { shownConfig } from '../config/index.js';
import { operation } from './operation.js';

export const configGet = operation({
  name: 'config.get',
  lane: 'quick',
  description: 'The configuration in force, defaults included; secrets are masked.',
  arguments: z.looseObject({}),
  run: async (_args, { config }) => ({ config: shownConfig(config()) }),
});
