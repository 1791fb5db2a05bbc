/** How a stream is cut into records, as the configuration writes it. Loads zod: not for what runs without a configuration. */
import type { z as zod } from 'zod';
import { z } from '../../src/protocol/zod.js';
import { key } from '../../src/yaml/index.js';
import { patternProblem } from '../text/pattern.js';
import type { FramingChoice } from './index.js';

/** A pattern over bytes: a character beyond ASCII is several of them. */
const bytePattern = () =>
  z.string().superRefine((pattern, context) => {
    const problem = /^[\x20-\x7e]*$/.test(pattern) ? patternProblem(pattern) : 'holds characters beyond ASCII';
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** For editors: the ways of framing for which a key means something, and what has to stand beside a way. */
const by = (...ways: string[]) => ({ properties: { by: { enum: ways } } });
const needs = (way: string, then: object) => ({ if: { required: ['by'], ...by(way) }, then });

const framing = z
  .strictObject({
    by: key(z.enum(['line', 'delimiter', 'length', 'pattern', 'silence', 'whole']), {
      description:
        'What ends a record. line: LF, CRLF or CR; whole: the end of the file, connection or body; the others need a key below. Default line.',
      example: 'delimiter',
    }),
    delimiter: key(z.string().min(1).max(64).optional(), {
      description: 'by delimiter: the characters that end a record.',
      example: '\u0000',
    }),
    prefixBytes: key(z.literal([1, 2, 4]).optional(), {
      description: 'by length: bytes of the number before each record that says how many bytes it has.',
      example: 4,
      unit: 'bytes',
    }),
    order: key(z.enum(['big', 'little']).optional(), {
      description: 'by length: which end of that number comes first. Default big.',
      example: 'little',
    }),
    start: key(bytePattern().optional(), {
      description: 'by pattern: a record begins where this matches (at most 256 bytes; ASCII).',
      example: '^<\\d+>',
    }),
    end: key(bytePattern().optional(), {
      description: 'by pattern: a record ends behind what this matches (at most 256 bytes; ASCII).',
      example: 'OK\\r\\n',
    }),
    silenceMs: key(z.int().min(1).max(600_000).optional(), {
      description:
        'by silence: how long no byte comes between two records. by pattern with start: when the last record is taken for whole; default 1000.',
      example: 50,
      unit: 'ms',
    }),
  })
  .superRefine((value, context) => {
    const wrong = (name: string, message: string) => context.addIssue({ code: 'custom', message, path: [name] });
    const wanted: Record<string, readonly string[]> = {
      delimiter: ['delimiter'],
      length: ['prefixBytes', 'order'],
      pattern: ['start', 'end', 'silenceMs'],
      silence: ['silenceMs'],
    };
    for (const name of ['delimiter', 'prefixBytes', 'order', 'start', 'end', 'silenceMs'] as const)
      if (value[name] !== undefined && !wanted[value.by]?.includes(name)) wrong(name, `means nothing by ${value.by}`);
    if (value.by === 'delimiter' && value.delimiter === undefined) wrong('delimiter', 'is missing');
    if (value.by === 'length' && value.prefixBytes === undefined) wrong('prefixBytes', 'is missing');
    if (value.by === 'silence' && value.silenceMs === undefined) wrong('silenceMs', 'is missing');
    if (value.by === 'pattern' && (value.start === undefined) === (value.end === undefined))
      wrong('start', 'give either start or end');
  })
  .meta({
    id: 'framing',
    dependencies: {
      delimiter: by('delimiter'),
      prefixBytes: by('length'),
      order: by('length'),
      start: by('pattern'),
      end: by('pattern'),
      silenceMs: by('silence', 'pattern'),
    },
    allOf: [
      needs('delimiter', { required: ['delimiter'] }),
      needs('length', { required: ['prefixBytes'] }),
      needs('silence', { required: ['silenceMs'] }),
      needs('pattern', { oneOf: [{ required: ['start'] }, { required: ['end'] }] }),
    ],
  });

export const recordKeys = {
  recordLimitBytes: key(
    z
      .int()
      .min(16)
      .max(16 * 1024 * 1024)
      .optional(),
    {
      description: 'Longest record; the rest of a longer one is dropped and the record marked. Default 65536.',
      example: 4096,
      unit: 'bytes',
    },
  ),
  encoding: key(z.enum(['utf-8', 'latin-1', 'utf-16le', 'utf-16be']).optional(), {
    description: 'How characters are written as bytes. Default utf-8; what is invalid is replaced and counted.',
    example: 'latin-1',
  }),
};

/** For sources that give streams of bytes. */
export const framingKeys = { ...recordKeys, framing: framing.optional() };

/** What was checked fits what the framers take. */
type Checked = { readonly [Key in keyof typeof framingKeys]?: zod.infer<(typeof framingKeys)[Key]> };
export const framingChoice = (checked: Checked): FramingChoice => checked;
