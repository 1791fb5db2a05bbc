import { z } from '../../src/protocol/zod.js';
import { HANDED_OVER, operation } from './operation.js';

export const restart = operation({
  name: 'restart',
  description: 'Ends the agent in order and starts it anew; nothing that was read is lost.',
  arguments: z.looseObject({}),
  run: async (_args, { life }) => {
    life.restart();
    return HANDED_OVER;
  },
});
