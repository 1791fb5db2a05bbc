import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  checkConfig,
  configSchema,
  listKeys,
  readConfig,
  secretsOf,
  shownConfig,
} from '../../../agent/config/index.js';
import { SnugError } from '../../../src/errors/index.js';
import { contractExample, smallest } from '../support/configurations.js';

/** The lines of the error that a text gives, without the heading. */
function problems(text: string): string[] {
  try {
    checkConfig(text, 'snug.yaml');
  } catch (error) {
    if (error instanceof SnugError && error.code === 'CONFIG_INVALID') return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

test('a small configuration gets its defaults and absolute paths, and is frozen', (t) => {
  const config = checkConfig(smallest, '/etc/snug/snug.yaml');
  t.is(config.bundle, '/etc/snug/pump-bundle');
  t.like(config.sources.console, { kind: 'follow', path: '/etc/stream.log', publish: { text: false } });
  t.is(config.profile, 'auto');
  t.is(config.telemetry.intervalMs, 10_000);
  t.is(config.mqtt.keepaliveS, 30);
  t.true(config.stateDir.endsWith('/snug/pump-07'));
  t.true(Object.isFrozen(config) && Object.isFrozen(config.mqtt) && Object.isFrozen(config.sources.console));
});

test('a bundle that is not beside the file is looked for where the agent was started', (t) => {
  const config = checkConfig(smallest.replace('./pump-bundle', 'agent/config'), '/etc/snug/snug.yaml');
  t.is(config.bundle, join(process.cwd(), 'agent/config'));
});

test('the contract’s example is valid', (t) => {
  const config = checkConfig(contractExample, 'snug.yaml');
  t.deepEqual(config.limits, { maxLatencyMs: 20, memoryShare: 0.5, cpuShare: 0.8 });
  t.is(config.stateDir, '/var/lib/snug');
});

test('a mistyped key is named with file, line, column and the nearest valid key', (t) => {
  t.deepEqual(problems(smallest.replace('path:', 'paht:')), [
    "snug.yaml:8:5 sources.console.paht: unknown key; did you mean 'path'?",
  ]);
});

test('all errors are told at once, in the order of the file', (t) => {
  const told = problems(`device: a/b
bundle: 7
mqtt: { url: "http://x", keepalive: 10, key: a.key }
sources:
  log: { kind: folow, path: x }
  console: { kind: serial, path: /dev/x, parity: evn, baudRate: 1 }
telemetry: { intervalMs: 10s }
limits: { memoryShare: 50%, cpuShare: 7 }
telemtry: 1
`);
  const expected = [
    /^snug.yaml:1:9 device: "a\/b" holds/,
    /^snug.yaml:2:9 bundle: must be text, not 7/,
    /^snug.yaml:3:14 mqtt.url: must be mqtt:/,
    /^snug.yaml:3:26 mqtt.keepalive: unknown key; did you mean 'keepaliveS'/,
    /^snug.yaml:3:46 mqtt.key: needs cert/,
    /^snug.yaml:5:16 sources.log.kind: must be one of .*did you mean 'follow'/,
    /^snug.yaml:6:50 sources.console.parity: must be one of .*did you mean 'even'/,
    /^snug.yaml:6:65 sources.console.baudRate: must be at least 50/,
    /^snug.yaml:7:26 telemetry.intervalMs: must be a number \(in ms\), not "10s"; write 10000/,
    /^snug.yaml:8:24 limits.memoryShare: .*write 0.5/,
    /^snug.yaml:8:39 limits.cpuShare: must be at most 1, not 7/,
    /^snug.yaml:9:1 telemtry: unknown key; did you mean 'telemetry'/,
  ];
  t.is(told.length, expected.length, told.join('\n'));
  for (const [index, words] of expected.entries()) t.regex(told[index], words);
});

test('what may be of several types is told of as the type that it is', (t) => {
  const included = (filters: string) =>
    problems(smallest.replace('path: ', `include: ${filters}\n    path: `)).map((each) =>
      each.replace(/^.*include/, ''),
    );
  t.deepEqual(included('[5]'), ['.0: must be text or a section with keys of its own, not 5']);
  t.deepEqual(included('[a, {field: a}]'), ['.1.pattern: is missing']);
  t.deepEqual(included('[{field: a, patern: b}]'), [".0.patern: unknown key; did you mean 'pattern'?"]);
});

test('what is missing is named', (t) => {
  t.regex(
    problems('').join('\n'),
    /device: is missing.*\n.*bundle: is missing.*\n.*mqtt: is missing\n.*sources: is missing/s,
  );
  t.regex(problems(smallest.replace(/sources:.*/s, 'sources: {}\n'))[0], /sources: is empty/);
});

test('YAML itself: tabs, repeated keys, broken flow, a list at the top, alias bombs, a circle', (t) => {
  t.regex(problems(`device: x\n\tbundle: y\n`)[0], /snug.yaml:2:1 a tab/);
  t.deepEqual(problems(`${smallest}device: again\n`), ['snug.yaml:9:1 device: this key stands twice in one section']);
  t.regex(problems('device: [1\n')[0], /snug.yaml:\d+:\d+ YAML:/);
  t.regex(problems('- 1\n')[0], /section/);
  const bomb = Array.from({ length: 12 }, (_, i) => `k${i}: &k${i} [${i ? `${`*k${i - 1}, `.repeat(9)}` : '1'}]`);
  t.true(problems(`${bomb.join('\n')}\n`).length > 0);
  t.regex(problems('sources: &all { console: *all }\n')[0], /stands within itself/);
});

test('settings that contradict each other are named', (t) => {
  const withMqtt = (lines: string) => smallest.replace('1883\n', `1883\n${lines}\n`);
  t.regex(problems(withMqtt('  ca: ./ca.crt'))[0], /mqtt.ca: means TLS/);
  t.regex(problems(withMqtt('  password: x'))[0], /mqtt.password: needs username/);
  t.regex(problems(withMqtt('  username: u\n  password: x\n  passwordFile: y'))[0], /mqtt.passwordFile/);
  t.regex(problems(smallest.replace('mqtt://', 'mqtt://u:secret@'))[0], /they belong in username/);
});

test('secrets are never shown, not in errors either', (t) => {
  const config = checkConfig(smallest.replace('1883\n', '1883\n  username: u\n  password: geheim\n'), 'snug.yaml');
  t.deepEqual(shownConfig(config).mqtt, { ...config.mqtt, password: '***' });
  t.false(
    problems(smallest.replace('1883\n', '1883\n  username: u\n  password: [geheim]\n')).join().includes('geheim'),
  );
  t.false(problems(smallest.replace('mqtt://', 'mqtt://u:geheim@')).join().includes('geheim'));
});

test('a file that is not there, and one that is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'snug-config-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'snug.yaml');
  const error = await t.throwsAsync(readConfig(file), { instanceOf: SnugError });
  t.is(error.code, 'CONFIG_UNREADABLE');
  t.true(error.message.includes(file));
  await writeFile(file, smallest);
  t.is((await readConfig(file)).bundle, join(folder, 'pump-bundle'));
});

test('every key says what it is for', (t) => {
  const keys = listKeys(configSchema);
  t.true(keys.some(({ path }) => path.join('.') === 'mqtt.url'));
  const ofSources = ({ path }: { path: readonly string[] }) => path[0] === 'sources' && path[2] !== 'publish';
  for (const { path, notes } of keys.filter((each) => !ofSources(each)))
    t.true(notes !== undefined && notes.description.length > 10 && notes.example !== undefined, path.join('.'));
});

test('health is served on loopback or a Unix socket, nowhere else', (t) => {
  const listening = (where: string | number) => problems(`${smallest}health: { listen: ${JSON.stringify(where)} }\n`);
  for (const where of ['127.0.0.1:9464', 'localhost:9464', '[::1]:9464', '/run/snug/health.sock', '9464', 9464])
    t.deepEqual(listening(where), [], String(where));
  for (const where of ['0.0.0.0:9464', '192.168.1.2:9464', ':9464', '127.0.0.1:99464', 'health.sock', '127.0.0.1'])
    t.regex(listening(where)[0] ?? '', /health\.listen: must be a loopback address/, String(where));
});

test('secrets are known by their declaration, to be kept out of the log', (t) => {
  const config = checkConfig(
    smallest.replace('mqtt:\n', 'mqtt:\n  username: pump\n  password: geheim\n') +
      '  door: { kind: http, listen: "8080", token: open-sesame-open }\n',
    '/etc/snug/snug.yaml',
  );
  t.deepEqual(secretsOf(config).sort(), ['geheim', 'open-sesame-open']);
});
