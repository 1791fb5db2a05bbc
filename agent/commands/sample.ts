import { z } from '../../src/protocol/zod.js';
import { operation } from './operation.js';

const MOST_RECORDS = 200;
const LONGEST_S = 300;

/** `sources`: the names of those that there are. */
export const sampleOf = (sources: readonly string[]) =>
  operation({
    name: 'sample',
    lane: 'watching',
    description:
      'The next records with what was said of them and where their time went; the text only of sources that publish it.',
    arguments: z.looseObject({
      count: z.int().min(1).max(MOST_RECORDS).default(10).meta({ description: 'records' }),
      source: z
        .enum(sources, { error: ({ input }) => `there is no source ${shown(input)}; there are: ${sources.join(', ')}` })
        .optional()
        .meta({ description: 'of this source alone' }),
      limitS: z
        .int()
        .min(1)
        .max(LONGEST_S)
        .default(60)
        .meta({ description: 'ends after so many seconds with what came, successful' }),
    }),
    limitMs: (LONGEST_S + 5) * 1000,
    run: async ({ count, source, limitS }, { records, clock, stopping }) => {
      const enough = new AbortController();
      const end = () => enough.abort();
      stopping.addEventListener('abort', end);
      if (stopping.aborted) end();
      const late = clock.sleep(limitS * 1000, enough.signal).then(end);
      const taken = await records.next(count, (name) => source === undefined || name === source, enough.signal);
      end();
      stopping.removeEventListener('abort', end);
      await late;
      return { records: taken, complete: taken.length === count };
    },
  });

/** As it was written, but for its length: a refusal must not be as large as what is refused. */
function shown(given: unknown): string {
  return (JSON.stringify(given) ?? '').slice(0, 130);
}
