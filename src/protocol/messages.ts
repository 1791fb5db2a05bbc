/**
 * What stands in each message. Every message has `v` (1) and `ts` (ISO 8601, UTC); fields that a reader doesn't know are
 * kept and passed on. `messages` is the published contract: kind of topic → payload.
 */
import type { z as zod } from 'zod';
import { commandMessage } from './command.js';
import { envelope } from './envelope.js';
import { z } from './zod.js';

const session = z.int().min(1).meta({ description: 'rises with every connection of the device' });
const count = z.int().min(0);
const share = z.number().min(0);

const historical = z.literal(true).optional().meta({ description: 'it has waited for a connection on the board' });

const prediction = z.looseObject({
  seq: z.int().min(1),
  ts: z.iso.datetime(),
  label: z.string(),
  score: z.number().min(0).max(1),
  latencyMs: z.number().min(0),
  profile: z.string(),
  truncated: z.literal(true).optional(),
  replaced: z.int().min(1).optional().meta({ description: 'so many invalid sequences of bytes became U+FFFD' }),
  labels: z.array(z.looseObject({ label: z.string(), score: z.number() })).optional(),
  text: z.string().optional(),
  ids: z.record(z.string(), z.string()).optional(),
  review: z.literal(true).optional().meta({ description: 'drawn at random for people to look at' }),
});

const labelCounts = z.looseObject({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  records: count,
  labels: z.record(z.string(), count),
});

const more = (list: string) =>
  count.optional().meta({ description: `so many did not get into ${list}, where it is full` });

const percentiles = z.looseObject({ p50: z.number(), p95: z.number(), p99: z.number() });

export const messages = {
  status: z.looseObject({ ...envelope, state: z.enum(['online', 'offline']), session }),
  info: z.looseObject({
    ...envelope,
    agent: z.looseObject({ version: z.string() }),
    board: z.looseObject({
      hostname: z.string(),
      arch: z.string().nullable(),
      cores: z.int().min(1).nullable(),
      ramBytes: count.nullable(),
    }),
    bundle: z.looseObject({ name: z.string() }),
    profile: z.looseObject({ name: z.string(), reason: z.string() }),
    sources: z.array(z.looseObject({ name: z.string(), kind: z.string() })),
    limits: z.looseObject({}).optional(),
  }),
  telemetry: z.looseObject({
    ...envelope,
    session,
    uptimeMs: z.number(),
    records: z.looseObject({
      total: count,
      perSecond: share,
      refused: count,
      truncated: count,
      failed: count,
      replaced: count.optional().meta({ description: 'invalid sequences of bytes that became U+FFFD' }),
    }),
    latencyMs: percentiles,
    totalMs: percentiles,
    queue: z.record(z.string(), count),
    drops: z.record(z.string(), count),
    leftOut: z
      .record(z.string(), count)
      .meta({ description: 'no records by configuration: filters, sampling' })
      .optional(),
    sourcesMore: more('queue'),
    dropsMore: more('drops'),
    leftOutMore: more('leftOut'),
    outbox: z.looseObject({ records: count, bytes: count.optional() }),
    rssBytes: count.nullable(),
    rssAnonBytes: count.nullable(),
    cpuShare: share,
    temperatureC: z.number().nullable(),
    historical,
  }),
  result: z.looseObject({
    ...envelope,
    session,
    predictions: z.array(prediction),
    counts: labelCounts.optional(),
    historical,
  }),
  event: z.looseObject({
    ...envelope,
    kind: z.string(),
    session: session.optional(),
    message: z.string(),
    seq: z.int().min(1).optional(),
    historical,
  }),
  capability: z.looseObject({ ...envelope, description: z.string(), arguments: z.looseObject({}) }),
  command: commandMessage,
} as const;

export type MessageKind = keyof typeof messages;
/** Kind of message → its payload. */
export type Payloads = { [K in MessageKind]: zod.infer<(typeof messages)[K]> };
/** How often each label came in a window of time. */
export type LabelCounts = zod.infer<typeof labelCounts>;
/** One prediction in a `result/<source>` message. */
export type ResultPrediction = zod.infer<typeof prediction>;
