/** Keys of what keeps an agent alive in the field: its outbox, and how others see its health. */
import { z } from '../../src/protocol/zod.js';
import { key } from '../../src/yaml/index.js';
import { parseAddress } from '../sources/address.js';
import { portNumber } from '../sources/port-number.js';

export const outboxKeys = z
  .strictObject({
    maxBytes: key(
      z
        .int()
        .min(1024 * 1024)
        .max(64 * 1024 ** 3)
        .default(64 * 1024 * 1024),
      {
        description: 'What may wait on disk for the broker; beyond it telemetry goes first, then the oldest results.',
        example: 268_435_456,
        unit: 'bytes',
      },
    ),
    maxRecords: key(z.int().min(100).max(100_000_000).default(500_000), {
      description: 'How many records may wait; beyond it the oldest go.',
      example: 100_000,
      unit: 'records',
    }),
    maxAgeS: key(
      z
        .int()
        .min(60)
        .max(10 * 365 * 86_400)
        .default(30 * 86_400),
      { description: 'How long a record may wait.', example: 604_800, unit: 's' },
    ),
    writeMs: key(z.int().min(0).max(60_000).default(1000), {
      description:
        'How long what can be read again from its source may stay in memory alone. A crash then reads it again, under the same numbers; everything else is written before it is sent.',
      example: 5000,
      unit: 'ms',
    }),
    syncMs: key(z.int().min(0).max(3_600_000).default(10_000), {
      description:
        'How often what was written is made safe from a power cut; 0: with every write, which wears a card out. A crash of the agent loses nothing either way.',
      example: 0,
      unit: 'ms',
    }),
    replayPerSecond: key(z.int().min(1).max(100_000).default(500), {
      description: 'How many records that have waited are sent a second, beside the live ones.',
      example: 100,
      unit: 'records',
    }),
  })
  .prefault({});

/** `127.0.0.1:9464`, `[::1]:9464`, a port alone, or the path of a socket. */
const loopback = z
  .union([
    z
      .string()
      .refine(
        (value) => value.startsWith('/') || isLoopback(value),
        'must be a loopback address with a port, such as 127.0.0.1:9464, or the full path of a Unix socket',
      )
      .meta({ pattern: '^(/.*|((127\\.\\d+\\.\\d+\\.\\d+|localhost|\\[::1\\]):)?\\d{1,5})$' }),
    portNumber(),
  ])
  .transform((value) => (/^\d+$/.test(String(value)) ? `127.0.0.1:${value}` : String(value)));

function isLoopback(value: string): boolean {
  const { host } = parseAddress(value) ?? {};
  return host !== undefined && /^(127\.\d+\.\d+\.\d+|localhost|::1)$/.test(host);
}

export const healthKeys = z
  .strictObject({
    listen: key(loopback.optional(), {
      description:
        'Where /healthz and /metrics (for Prometheus) are served: a loopback address and port, a port alone, or the full path of a Unix socket. Left out: nowhere.',
      example: '127.0.0.1:9464',
    }),
  })
  .prefault({});
