import { z } from '../../src/protocol/zod.js';
import { operation } from './operation.js';

export const deadLettersList = operation({
  name: 'dead-letters.list',
  lane: 'quick',
  description:
    'Records that could not be answered and results that the broker refused, with the reason, newest first; their content only of sources that publish their text.',
  arguments: z.looseObject({ limit: z.int().min(1).max(100).default(20) }),
  run: async ({ limit }, { deadLetters, config }) => {
    const { sources } = config();
    const letters = await deadLetters.list(limit);
    return {
      counts: deadLetters.counts,
      letters: letters.map((letter) => {
        const { content, ...about } = letter as { content?: unknown; source?: string };
        const shown = sources[about.source ?? '']?.publish.text === true;
        return { ...about, ...(shown && { content: JSON.stringify(content)?.slice(0, 1000) }) };
      }),
    };
  },
});
