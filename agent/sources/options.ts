/**
 * What can be set for a source: one declaration a key, for the configuration file and for `--source` alike. Loads zod, which
 * costs 30 ms and some MB, so the command line loads this file only when a source has options to check.
 */
import type { z as zod } from 'zod';
import { z } from '../../src/protocol/zod.js';
import { key } from '../../src/yaml/index.js';
import { framingKeys, recordKeys } from '../framing/options.js';
import { joinKeys, textKeys } from '../text/options.js';
import { parseAddress } from './address.js';
import { portNumber } from './port-number.js';
import { topicFilterPattern, topicFilterProblem } from './topic-filter.js';

const text = () => z.string().min(1).max(4096);

const topicFilter = () =>
  text()
    .superRefine((filter, context) => {
      const problem = topicFilterProblem(filter);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({ pattern: topicFilterPattern });

const path = (description: string, example: string) => key(text(), { description, example, path: 'config-folder' });

const kind = <Kind extends string>(name: Kind, what: string) =>
  key(z.literal(name), { description: `${name}: ${what}`, example: name });

/** What YAML reads as a number is a port alone too: `listen: 5140` needs no quotes. */
const address = (description: string, example: string) =>
  key(
    z
      .union([
        z
          .string()
          .superRefine((value, context) => {
            if (parseAddress(value) === undefined)
              context.addIssue({ code: 'custom', message: 'must be host:port, or a port alone for loopback' });
          })
          .meta({ pattern: '^(.+:)?\\d{1,5}$' }),
        portNumber(),
      ])
      .transform(String),
    { description, example },
  );

const listen = () =>
  address(
    'Where it listens: host:port; a port alone means loopback. 0.0.0.0 lets the whole network in.',
    '127.0.0.1:5140',
  );

const maxConnections = key(z.int().min(1).max(4096).optional(), {
  description: 'Connections at a time; more are closed at once. Default 64.',
  example: 8,
});

/** For sources that give streams of bytes, and for those whose messages are records. */
const streamed = { ...framingKeys, ...joinKeys, ...textKeys };
const messages = { ...recordKeys, ...textKeys };

/** Options by kind of source; the configuration adds what it needs for publishing and queueing. */
export const sourceOptions = {
  stdin: z.strictObject({ kind: kind('stdin', 'standard input, to its end.'), ...streamed }),
  file: z.strictObject({
    kind: kind('file', 'a regular file, once to its end.'),
    path: path('A regular file, read once to its end.', '/data/texts.txt'),
    ...streamed,
  }),
  follow: z.strictObject({
    kind: kind('follow', 'a file that grows.'),
    path: path(
      'A file that grows, read as `tail -F` does from its end; rotation and truncation are followed.',
      '/var/log/syslog',
    ),
    ...streamed,
  }),
  serial: z.strictObject({
    kind: kind('serial', 'a serial port.'),
    path: path(
      'The port, best by a name that stays: /dev/serial/by-id/…',
      '/dev/serial/by-id/usb-FTDI_0001-if00-port0',
    ),
    baudRate: key(z.int().min(50).max(4_000_000).optional(), {
      description: 'Speed of the line. Default 115200.',
      example: 9600,
      unit: 'bit/s',
    }),
    dataBits: key(z.literal([5, 6, 7, 8]).optional(), {
      description: 'Data bits of a character. Default 8.',
      example: 7,
    }),
    parity: key(z.enum(['none', 'even', 'odd']).optional(), {
      description: 'Parity bit. Default none.',
      example: 'even',
    }),
    stopBits: key(z.literal([1, 2]).optional(), { description: 'Stop bits. Default 1.', example: 2 }),
    rtscts: key(z.boolean().optional(), { description: 'Hardware flow control. Default false.', example: true }),
    ...streamed,
  }),
  tcp: z.strictObject({
    kind: kind('tcp', 'connections over TCP, taken or made.'),
    listen: listen().optional(),
    connect: address('A server that is connected to instead, and again when it is lost.', '192.0.2.7:4001').optional(),
    maxConnections,
    ...streamed,
  }),
  udp: z.strictObject({ kind: kind('udp', 'datagrams, a record each.'), listen: listen(), ...messages }),
  syslog: z.strictObject({
    kind: kind('syslog', 'syslog messages (RFC 5424, RFC 3164), taken over UDP and TCP.'),
    listen: listen(),
    protocol: key(z.enum(['udp', 'tcp', 'both']).optional(), {
      description: 'Over what messages come. Default both.',
      example: 'tcp',
    }),
    maxConnections,
    ...recordKeys,
    ...joinKeys,
    ...textKeys,
  }),
  unix: z.strictObject({
    kind: kind('unix', 'connections to a Unix socket.'),
    path: path('The socket, made with mode 0600 and removed at the end.', '/run/snug/in.sock'),
    maxConnections,
    ...streamed,
  }),
  http: z.strictObject({
    kind: kind('http', 'bodies of HTTP POST.'),
    listen: listen(),
    token: key(text().optional(), {
      description: 'What a sender has to give as `Authorization: Bearer …`.',
      example: 'change-me',
      secret: true,
    }),
    maxBodyBytes: key(
      z
        .int()
        .min(1)
        .max(64 * 1024 * 1024)
        .optional(),
      {
        description: 'The largest body that is taken. Default 1048576.',
        example: 65_536,
        unit: 'bytes',
      },
    ),
    maxConnections,
    ...streamed,
  }),
  mqtt: z.strictObject({
    kind: kind('mqtt', 'messages of an MQTT topic.'),
    topic: key(topicFilter(), { description: 'The topic or filter that is subscribed.', example: 'sensors/+/text' }),
    url: key(
      z
        .string()
        .regex(/^mqtts?:\/\/[^\s/@]+$/, 'must be mqtt://host:port, or mqtts://host:port for TLS')
        .optional(),
      {
        description: 'Another broker than the agent’s own.',
        example: 'mqtt://192.0.2.7:1883',
      },
    ),
    version: key(z.literal([4, 5]).optional(), { description: 'MQTT 5, or 4 for MQTT 3.1.1. Default 5.', example: 4 }),
    clientId: key(text().max(256).optional(), {
      description: 'The client id at the broker. Default: device and source.',
      example: 'pump-07-topic',
    }),
    sessionS: key(
      z
        .int()
        .min(0)
        .max(30 * 86_400)
        .optional(),
      {
        description: 'How long the broker keeps messages while the agent is away. Default 86400.',
        example: 3600,
        unit: 's',
      },
    ),
    username: key(text().optional(), { description: 'User name at that other broker.', example: 'pump-07' }),
    passwordFile: key(text().optional(), {
      description: 'A file that holds the password for it.',
      example: './other.password',
      path: 'config-folder',
    }),
    ca: key(text().optional(), {
      description: 'PEM file with the authorities that may sign its certificate.',
      example: './other-ca.crt',
      path: 'config-folder',
    }),
    cert: key(text().optional(), {
      description: 'PEM file with our certificate for it.',
      example: './other.crt',
      path: 'config-folder',
    }),
    key: key(text().optional(), {
      description: 'PEM file with its private key.',
      example: './other.key',
      path: 'config-folder',
    }),
    ...messages,
  }),
  exec: z.strictObject({
    kind: kind('exec', 'what a program writes; only in the configuration file on the device.'),
    command: key(z.array(z.string().max(4096)).min(1).max(64), {
      description: 'The program and its arguments; no shell is between. It is started again when it ends.',
      example: '[tail, -F, /data/feed]',
    }),
    cwd: key(text().optional(), { description: 'The folder it runs in.', example: '/data', path: 'config-folder' }),
    ...streamed,
  }),
  journal: z.strictObject({
    kind: kind('journal', 'the systemd journal.'),
    units: key(z.array(z.string().min(1).max(256)).max(64).optional(), {
      description: 'Only entries of these units. Default all.',
      example: '[pump.service]',
    }),
    directory: key(text().optional(), {
      description: 'The journal in this folder instead of the system’s own.',
      example: '/mnt/old/var/log/journal',
      path: 'config-folder',
    }),
    namespace: key(
      z
        .string()
        .regex(/^[\w.+*-]{1,64}$/, 'must be a name')
        .optional(),
      {
        description: 'The journal of this namespace.',
        example: 'pumps',
      },
    ),
    ...messages,
    ...joinKeys,
  }),
} as const;

/** Kinds that run something: named in the configuration file on the device, never over the wire (`config.set`). */
export const localKinds: readonly string[] = ['exec'];
/** The queue between a source and the model, as the configuration writes it. */
export const queueOptions = z.strictObject({
  size: key(z.int().min(1).max(1_000_000).optional(), {
    description: 'Records that may wait. Default 1000.',
    example: 200,
    unit: 'records',
  }),
  policy: key(z.enum(['block', 'drop-oldest', 'drop-newest', 'sample']).optional(), {
    description: 'What a full queue does. Default: block where the source can wait, else drop-oldest.',
    example: 'drop-oldest',
  }),
  maxAgeMs: key(z.int().min(1).max(86_400_000).optional(), {
    description: 'A record that has waited for longer is dropped: what is answered is never older. Default: none is.',
    example: 2000,
    unit: 'ms',
  }),
});

export type SourceKind = keyof typeof sourceOptions;
export type SourceOptions = { [Kind in SourceKind]: zod.infer<(typeof sourceOptions)[Kind]> }[SourceKind];
export type OptionsOf<Kind extends SourceKind> = zod.infer<(typeof sourceOptions)[Kind]>;

/** True where a source can't be made to wait: `policy: block` means nothing for it. */
export function canNotWait(options: SourceOptions): boolean {
  return options.kind === 'udp' || (options.kind === 'syslog' && options.protocol !== 'tcp');
}

/** What is wrong with a source's options taken together; undefined where nothing is. */
export function sourceProblem(options: SourceOptions): { readonly key: string; readonly message: string } | undefined {
  if (options.kind === 'tcp' && (options.listen === undefined) === (options.connect === undefined))
    return { key: 'listen', message: 'give either listen or connect' };
  if (options.kind === 'mqtt' && options.url === undefined)
    for (const name of ['username', 'passwordFile', 'ca', 'cert', 'key'] as const)
      if (options[name] !== undefined) return { key: name, message: 'needs url, the other broker that it is for' };
  if (options.kind === 'mqtt' && (options.cert === undefined) !== (options.key === undefined))
    return { key: 'cert', message: 'cert and key belong together' };
  return undefined;
}
