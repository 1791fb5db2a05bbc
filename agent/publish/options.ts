/** What of a source's predictions is published: one declaration for the configuration. */
import { z } from '../../src/protocol/zod.js';
import { key } from '../../src/yaml/index.js';

const labels = () => z.array(z.string().min(1)).min(1).max(1000).optional();

export const publishOptions = z.strictObject({
  text: key(z.boolean().default(false), {
    description: 'Whether the text itself stands in the messages.',
    example: true,
    restart: false,
  }),
  predictions: key(z.enum(['every', 'change', 'none']).default('every'), {
    description: 'Every prediction, only those whose label differs from the one before, or none (with countsEveryS).',
    example: 'change',
    restart: false,
  }),
  minScore: key(z.number().min(0).max(1).optional(), {
    description: 'Predictions with a lower score are not published.',
    example: 0.8,
    unit: 'share',
    restart: false,
  }),
  labels: key(labels(), {
    description: 'Only predictions with one of these labels are published.',
    example: '[fault, warning]',
    restart: false,
  }),
  exceptLabels: key(labels(), {
    description: 'Predictions with one of these labels are not published.',
    example: '[none]',
    restart: false,
  }),
  reviewShare: key(z.number().gt(0).max(1).optional(), {
    description:
      'So large a random share of all records is published whatever the rules above say, marked review: true, for people to look at.',
    example: 0.01,
    unit: 'share',
    restart: false,
  }),
  maxPerSecond: key(z.number().gt(0).max(100_000).optional(), {
    description: 'Predictions published a second at most; what is more is counted, not published.',
    example: 20,
    restart: false,
  }),
  countsEveryS: key(z.int().min(1).max(86_400).optional(), {
    description: 'How often the counts of labels are published, of all records, published or not.',
    example: 60,
    unit: 's',
    restart: false,
  }),
});
