/** What a source's text goes through, as the configuration writes it. Loads zod: not for what runs without a configuration. */
import { z } from '../../src/protocol/zod.js';
import { key } from '../../src/yaml/index.js';
import { patternProblem } from './pattern.js';

const pattern = () =>
  z
    .string()
    .min(1)
    .superRefine((source, context) => {
      const problem = patternProblem(source);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    });

/** The names of structured data hold what RFC 5424 lets them: all but spaces and `=`, `]`, `"`. */
const field = () =>
  z
    .string()
    .max(256)
    .regex(
      /^(\/.*|[A-Za-z_]\w*|sd\.[^\s=\]"]+\.[^\s=\]"]+)$/su,
      'must be a JSON pointer like /message, a name, or sd.ID.NAME of syslog',
    );

const filters = z
  .array(z.union([pattern(), z.strictObject({ field: field(), pattern: pattern() })]))
  .max(64)
  .meta({ id: 'filters' });

const join = z
  .strictObject({
    start: key(pattern().optional(), {
      description:
        'A record begins with a line that this matches; all others go on with the one before. Or continuation.',
      example: '^\\d{4}-\\d\\d-\\d\\d ',
    }),
    continuation: key(pattern().optional(), {
      description: 'A line that this matches goes on with the record before it. Or start.',
      example: '^(\\s|Caused by: )',
    }),
    maxLines: key(z.int().min(2).max(10_000).optional(), {
      description: 'Lines of a record; more are left out and the record marked. Default 100.',
      example: 500,
    }),
    waitMs: key(z.int().min(10).max(600_000).optional(), {
      description: 'How long a record waits for its next line. Default 500.',
      example: 2000,
      unit: 'ms',
    }),
  })
  .superRefine((value, context) => {
    if ((value.start === undefined) === (value.continuation === undefined))
      context.addIssue({ code: 'custom', message: 'give either start or continuation', path: ['start'] });
  })
  .meta({ id: 'join', oneOf: [{ required: ['start'] }, { required: ['continuation'] }] });

/** For sources whose records may be several lines. */
export const joinKeys = { join: join.optional() };

/** For every source. */
export const textKeys = {
  pick: z
    .strictObject({
      pattern: key(pattern().optional(), {
        description:
          'Matched against the record; its named groups are fields, and one named text is the text. RE2 syntax: no backreferences.',
        example: '^(?P<level>\\w+): (?P<text>.*)$',
      }),
      text: key(field().optional(), {
        description:
          'The field that is the text: a JSON pointer, a group of the pattern, or an identifier of the source.',
        example: '/message',
      }),
      ids: z
        .record(
          z.string().regex(/^[A-Za-z_]\w{0,63}$/, 'must be a word'),
          key(field(), {
            description: 'A field that is kept with the record and published with its result, under this name.',
            example: '/request/id',
          }),
        )
        .optional(),
      otherwise: key(z.enum(['leave-out', 'keep']).optional(), {
        description:
          'A record without that field, or that the pattern does not match, is left out and counted, or kept as it came. Default leave-out.',
        example: 'keep',
      }),
    })
    .meta({ id: 'pick' })
    .optional(),
  include: key(filters.optional(), {
    description: 'Only records that one of these matches: a pattern over the text, or {field, pattern}.',
    example: '[pump, valve]',
  }),
  exclude: key(filters.optional(), {
    description: 'No record that one of these matches.',
    example: '[^DEBUG, ^TRACE]',
  }),
  sample: key(z.number().gt(0).max(1).optional(), {
    description: 'The share of records that is kept, at random. Default all.',
    example: 0.1,
    unit: 'share',
  }),
  window: key(z.int().min(1).max(64).optional(), {
    description: 'So many records make up a text: the newest, then those before it as context, a line each. Default 1.',
    example: 3,
    unit: 'records',
  }),
};
