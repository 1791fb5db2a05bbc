/**
 * What can be set for a source: one declaration a key, for the configuration file and for `--source` alike. Loads zod, which
 * costs 30 ms and some MB, so the command line loads this file only when a source has options to check.
 */
import type { z as zod } from 'zod';
import { z } from '../../src/protocol/zod.js';

const path = (what: string) => z.string().min(1).describe(what);
const framing = {
  recordLimitBytes: z
    .int()
    .min(16)
    .max(16 * 1024 * 1024)
    .optional()
    .describe('Longest record in bytes; the rest of a longer one is dropped and the record marked. Default 65536.'),
};

/** Options by kind of source; the configuration adds what it needs for publishing and queueing. */
export const sourceOptions = {
  stdin: z.strictObject({ kind: z.literal('stdin'), ...framing }),
  file: z.strictObject({ kind: z.literal('file'), path: path('A regular file, read once to its end.'), ...framing }),
  follow: z.strictObject({
    kind: z.literal('follow'),
    path: path('A file that grows, read as `tail -F` does from its end; rotation and truncation are followed.'),
    ...framing,
  }),
  serial: z.strictObject({
    kind: z.literal('serial'),
    path: path('The port, best by a name that stays: /dev/serial/by-id/…'),
    baudRate: z.int().min(50).max(4_000_000).optional().describe('Bits per second. Default 115200.'),
    dataBits: z.literal([5, 6, 7, 8]).optional().describe('Data bits of a character. Default 8.'),
    parity: z.enum(['none', 'even', 'odd']).optional().describe('Parity bit. Default none.'),
    stopBits: z.literal([1, 2]).optional().describe('Stop bits. Default 1.'),
    rtscts: z.boolean().optional().describe('Hardware flow control. Default false.'),
    ...framing,
  }),
} as const;

/** The queue between a source and the model, as the configuration writes it. */
export const queueOptions = z.strictObject({
  size: z.int().min(1).max(1_000_000).optional().describe('Records that may wait. Default 1000.'),
  policy: z
    .enum(['block', 'drop-oldest', 'drop-newest', 'sample'])
    .optional()
    .describe('What a full queue does. Default: block where the source can wait, else drop-oldest.'),
});

export type SourceKind = keyof typeof sourceOptions;
export type SourceOptions = { [Kind in SourceKind]: zod.infer<(typeof sourceOptions)[Kind]> }[SourceKind];
export type SerialOptions = zod.infer<(typeof sourceOptions)['serial']>;
