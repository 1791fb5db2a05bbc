/** Every key of the agent's configuration, each declared once. */
import type { z as zod } from 'zod';
import { nameProblem } from '../../src/protocol/index.js';
import { z } from '../../src/protocol/zod.js';
import { key } from '../../src/yaml/index.js';
import { publishOptions } from '../publish/options.js';
import { collisions, listenerOf, placesOf } from '../sources/listening.js';
import { canNotWait, queueOptions, sourceOptions, sourceProblem } from '../sources/options.js';
import { healthKeys, outboxKeys } from './field-keys.js';

const text = () => z.string().min(1);
const share = () => z.number().gt(0).max(1);

/** A name that becomes one level of a topic. */
const topicName = () =>
  z
    .string()
    .superRefine((name, context) => {
      const problem = nameProblem(name);
      if (problem) context.addIssue({ code: 'custom', message: `${JSON.stringify(name.slice(0, 40))} ${problem}` });
    })
    .meta({ pattern: '^[^+#/]+$', maxLength: 128 });

const url = z
  .string()
  .superRefine((value, context) => {
    const problem = urlProblem(value);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ pattern: '^mqtts?://[^@/]+/?$' });

function urlProblem(value: string): string | undefined {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (!parsed || (parsed.protocol !== 'mqtt:' && parsed.protocol !== 'mqtts:') || parsed.hostname === '')
    return 'must be mqtt://host:port, or mqtts://host:port for TLS';
  if (parsed.username || parsed.password) return 'holds a user or password; they belong in username and password';
  if (parsed.pathname.length > 1 || parsed.search || parsed.hash)
    return 'ends after the port; a path means nothing here';
  return undefined;
}

const mqtt = z
  .strictObject({
    url: key(url, { description: 'The broker; mqtts:// for TLS.', example: 'mqtt://127.0.0.1:1883' }),
    username: key(text().optional(), { description: 'User name at the broker.', example: 'pump-07' }),
    password: key(text().optional(), { description: 'Password at the broker.', example: 'change-me', secret: true }),
    passwordFile: key(text().optional(), {
      description: 'A file that holds the password, read at every connection; a newline at its end is left out.',
      example: './mqtt.password',
      path: 'config-folder',
    }),
    ca: key(text().optional(), {
      description: 'PEM file with the authorities that may sign the broker’s certificate; without it those of Node.',
      example: './ca.crt',
      path: 'config-folder',
    }),
    cert: key(text().optional(), {
      description: 'PEM file with our certificate.',
      example: './pump-07.crt',
      path: 'config-folder',
    }),
    key: key(text().optional(), {
      description: 'PEM file with its private key.',
      example: './pump-07.key',
      path: 'config-folder',
    }),
    keepaliveS: key(z.int().min(5).max(3600).default(30), {
      description:
        'How often a quiet link is probed; the broker tells others that we are offline after 1.5 times that.',
      example: 60,
      unit: 's',
    }),
    connectTimeoutMs: key(z.int().min(500).max(120_000).default(10_000), {
      description: 'How long a broker may take from the first packet to its answer.',
      example: 20_000,
      unit: 'ms',
    }),
  })
  .superRefine((value, context) => {
    const wrong = (name: keyof typeof value, message: string) =>
      context.addIssue({ code: 'custom', message, path: [name] });
    if (value.password !== undefined && value.passwordFile !== undefined)
      wrong('passwordFile', 'stands beside password; give one of them');
    if (value.username === undefined && value.password !== undefined) wrong('password', 'needs username');
    if (value.cert !== undefined && value.key === undefined) wrong('cert', 'needs key, its private key');
    if (value.key !== undefined && value.cert === undefined)
      wrong('key', 'needs cert, the certificate that it belongs to');
    for (const name of ['ca', 'cert', 'key'] as const)
      if (value[name] !== undefined && value.url.startsWith('mqtt:')) wrong(name, 'means TLS: write mqtts:// in url');
  })
  .meta({
    dependencies: { password: ['username'], cert: ['key'], key: ['cert'] },
    not: { required: ['password', 'passwordFile'] },
  });

/** What every source has beside the options of its kind. */
const everySource = {
  publish: publishOptions.meta({ id: 'publish' }).prefault({}),
  queue: queueOptions.meta({ id: 'queue' }).prefault({}),
};

/** For editors: what the refinements below say, as far as JSON Schema can. */
const ifKind = (kind: string, then: object) => ({ if: { properties: { kind: { const: kind } } }, then });
const overTcp = { required: ['protocol'], properties: { protocol: { const: 'tcp' } } };
const neverBlocks = { properties: { queue: { properties: { policy: { not: { const: 'block' } } } } } };

const source = z
  .discriminatedUnion('kind', [
    sourceOptions.stdin.extend(everySource),
    sourceOptions.file.extend(everySource),
    sourceOptions.follow.extend(everySource),
    sourceOptions.serial.extend(everySource),
    sourceOptions.tcp.extend(everySource),
    sourceOptions.udp.extend(everySource),
    sourceOptions.syslog.extend(everySource),
    sourceOptions.unix.extend(everySource),
    sourceOptions.http.extend(everySource),
    sourceOptions.mqtt.extend(everySource),
    sourceOptions.exec.extend(everySource),
    sourceOptions.journal.extend(everySource),
  ])
  .superRefine((options, context) => {
    const problem = sourceProblem(options);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem.message, path: [problem.key] });
    if (options.queue.policy === 'block' && canNotWait(options))
      context.addIssue({
        code: 'custom',
        message: 'block makes a source wait, which this one can’t; take drop-oldest, drop-newest or sample',
        path: ['queue', 'policy'],
      });
  })
  .meta({
    allOf: [
      ifKind('tcp', { oneOf: [{ required: ['listen'] }, { required: ['connect'] }] }),
      ifKind('udp', neverBlocks),
      ifKind('syslog', { anyOf: [neverBlocks, overTcp] }),
      ifKind('mqtt', { dependencies: { username: ['url'], passwordFile: ['url'], ca: ['url'] } }),
      ifKind('mqtt', { dependencies: { cert: ['key', 'url'], key: ['cert', 'url'] } }),
    ],
  });

export const configSchema = z
  .strictObject({
    device: key(topicName(), {
      description: 'The device’s name: its MQTT client id, and the third level of its topics.',
      example: 'pump-07',
    }),
    bundle: key(text(), {
      description:
        'The folder of the bundle. A relative one is looked for beside the configuration file, and if nothing is there, in the folder where the agent was started.',
      example: './bundle',
      path: 'config-folder-or-working-folder',
    }),
    profile: key(
      z
        .string()
        .regex(
          /^(auto|(w\d\.\d\d-p\d\.\d\d|bag)-q(32|8|4)(\+[a-z][a-z0-9]*)?)$/,
          "must be auto or a profile like 'w1.00-p0.00-q8'",
        )
        .default('auto'),
      {
        description:
          'The compression profile, or auto: the agent chooses, and changes it as board and stream do. A named one stays unless the board would be killed for memory.',
        example: 'w0.50-p0.25-q8',
        restart: false,
      },
    ),
    mqtt,
    sources: z
      .record(topicName(), source)
      .refine((sources) => Object.keys(sources).length > 0, 'is empty; name at least one source')
      .meta({ minProperties: 1 }),
    limits: z
      .strictObject({
        maxLatencyMs: key(z.number().gt(0).optional(), {
          description: 'How long one text may take.',
          example: 20,
          unit: 'ms',
        }),
        memoryShare: key(share().optional(), {
          description: 'The share of the available memory that may be used.',
          example: 0.5,
          unit: 'share',
        }),
        cpuShare: key(share().optional(), {
          description: 'The share of the cores that may be used.',
          example: 0.8,
          unit: 'share',
        }),
      })
      .prefault({}),
    telemetry: z
      .strictObject({
        intervalMs: key(z.int().min(100).max(86_400_000).default(10_000), {
          description: 'How often telemetry is published.',
          example: 60_000,
          unit: 'ms',
          restart: false,
        }),
      })
      .prefault({}),
    outbox: outboxKeys,
    health: healthKeys,
    stateDir: key(text().optional(), {
      description:
        'Journal, session number, profile in force, outbox, read positions. Default: the XDG state folder; a user without a home needs one here.',
      example: '/var/lib/snug',
      path: 'config-folder',
    }),
    batch: z
      .strictObject({
        size: key(z.int().min(1).max(1024).default(32), {
          description: 'Texts to one run of the model at most.',
          example: 8,
          unit: 'records',
        }),
        waitMs: key(z.int().min(0).max(60_000).default(0), {
          description: 'How long a batch that is not full waits for more; 0 answers a lone record at once.',
          example: 5,
          unit: 'ms',
        }),
      })
      .prefault({}),
    threads: key(z.int().min(1).max(256).default(1), { description: 'Threads inside one operator.', example: 4 }),
  })
  .superRefine(({ sources, health }, context) => {
    const at = placesOf(health.listen ?? '', ['tcp']);
    const ofHealth = { by: 'health', key: 'listen', at, section: ['health'] } as const;
    const ofSources = Object.entries(sources).map(([name, options]) => ({
      ...listenerOf(`sources.${name}`, options),
      section: ['sources', name],
    }));
    for (const { of, first } of collisions([ofHealth, ...ofSources]))
      context.addIssue({
        code: 'custom',
        message: `${first.by} listens there already; take another ${of.key === 'path' ? 'path' : 'port'}`,
        path: [...of.section, of.key],
      });
  });

export type Checked = zod.infer<typeof configSchema>;
/** A checked configuration: defaults filled in, paths absolute, frozen. */
export type AgentConfig = Readonly<Omit<Checked, 'stateDir'>> & { readonly stateDir: string };
export type SourceConfig = AgentConfig['sources'][string];
export type MqttConfig = AgentConfig['mqtt'];
