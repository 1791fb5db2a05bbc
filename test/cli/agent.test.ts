/** `snug agent` as a user starts it: with the demo's bundle, at Mosquitto. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { program, startProgram } from '../agent/support/agent-program.js';
import { init, plainDoor } from '../agent/support/agent-rig.js';
import { brokerKinds, freePort, temporaryFolder } from '../agent/support/brokers.js';
import { end, hasMosquitto, publish, watch } from '../agent/support/mosquitto-tools.js';

const bundle = resolve('examples/clinc150/bundle');
const [, mosquitto] = brokerKinds;

async function configure(t: ExecutionContext, port: number, change = (yaml: string) => yaml) {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'snug.yaml');
  await writeFile(join(folder, 'stream.log'), '');
  await writeFile(
    config,
    change(`device: board-1
bundle: ${bundle}
stateDir: ./state
mqtt:
  url: mqtt://127.0.0.1:${port}
sources:
  console:
    kind: follow
    path: ./stream.log
`),
  );
  return { folder, config };
}

/** The agent with its configuration, once it is online. */
async function online(t: ExecutionContext) {
  const { port } = await mosquitto.start(t);
  const { folder, config } = await configure(t, port);
  const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
  const child = startProgram(t, config);
  await feed.until(
    () => feed.of('/status').length > 0,
    () => `online; ${child.said()}`,
  );
  return { port, folder, config, feed, child };
}

test('a followed file becomes predictions at the broker, and SIGTERM ends it all cleanly', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port, folder, feed, child } = await online(t);
  await appendFile(join(folder, 'stream.log'), 'how much money do i have\nis it going to rain\n');
  const predictions = () => feed.of('/result/console').flatMap((payload) => payload.predictions);
  await feed.until(() => predictions().length === 2, 'two predictions');
  t.deepEqual(
    predictions().map(({ seq, label }) => [seq, label]),
    [
      [1, 'balance'],
      [2, 'weather'],
    ],
  );
  t.is(predictions()[0].profile, feed.of('/info').at(-1).profile.name);
  t.regex(feed.of('/info').at(-1).bundle.identity, /^[0-9a-f]{64}$/);
  await publish(plainDoor(port), 'snug/v1/board-1/cmd/ping/a', init(), '-r');
  await feed.until(() => feed.states('ping', 'a').includes('successful'), 'an answer to ping');
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  t.is(code, 0, child.said());
  await feed.until(() => feed.of('/status').at(-1)?.state === 'offline', 'offline');
});

test('what can never work is said in a few lines before anything is connected', async (t) => {
  const port = await freePort();
  const cases: [change: (yaml: string) => string, ...words: RegExp[]][] = [
    [(yaml) => yaml.replace('path:', 'paht:'), /snug\.yaml:9:5 /, /paht.*did you mean 'path'/],
    [(yaml) => yaml.replace(/bundle: .*/, 'bundle: ./nowhere'), /nowhere/],
    [(yaml) => yaml.replace('./stream.log', './'), /is a folder/],
    [(yaml) => yaml.replace('./state', '/proc/nothing'), /stateDir/],
  ];
  for (const [change, ...words] of cases) {
    const { config } = await configure(t, port, change);
    const { status, stderr, stdout } = spawnSync(process.execPath, [...program, 'agent', '--config', config]);
    t.is(status, 1);
    t.is(String(stdout), '');
    for (const word of words) t.regex(String(stderr), word);
    t.true(String(stderr).trim().split('\n').length <= 4, String(stderr));
  }
  const usage = spawnSync(process.execPath, [...program, 'agent']);
  t.is(usage.status, 2);
});

test('every file of the state folder is this user’s alone', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { folder, feed, child } = await online(t);
  await appendFile(join(folder, 'stream.log'), 'how much money do i have\n');
  await feed.until(() => feed.of('/result/console').length > 0, 'a prediction');
  await end(child, 'SIGTERM');
  const entries = await readdir(join(folder, 'state'), { recursive: true, withFileTypes: true });
  t.true(entries.length > 5);
  for (const entry of entries) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    t.is(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
  }
});

test('what a command set and has proved itself belongs to what ran well; a second agent beside this one is refused and counts for nothing', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port, folder, config, feed, child } = await online(t);
  const set = { telemetry: { intervalMs: 1234 } };
  await publish(plainDoor(port), 'snug/v1/board-1/cmd/config.set/a', init({ config: set }), '-r');
  await feed.until(() => feed.states('config.set', 'a').includes('successful'), 'the end of config.set');
  const kept = async (name: string) => JSON.parse(await readFile(join(folder, 'state', name), 'utf8'));
  t.deepEqual((await kept('last-good.json')).set, set);
  const second = startProgram(t, config);
  const [code] = await once(second, 'exit');
  t.is(code, 1);
  t.regex(second.said(), /another agent uses this state folder[\s\S]*STATE_IN_USE/);
  t.is((await kept('starts.json')).failed, 0);
  await end(child, 'SIGTERM');
});

test('after three starts that came to nothing, the configuration that ran well last and a smaller profile', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port } = await mosquitto.start(t);
  const { folder, config } = await configure(t, port, (yaml) => `${yaml}profile: w1.00-p0.00-q8\nthreads: 2\n`);
  const text = (await readFile(config, 'utf8')).replace('threads: 2', 'telemetry: { intervalMs: 500 }');
  await mkdir(join(folder, 'state'));
  await writeFile(join(folder, 'state', 'starts.json'), '{"failed":3}');
  await writeFile(join(folder, 'state', 'last-good.json'), JSON.stringify({ text, set: {} }));
  const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
  const child = startProgram(t, config);
  await feed.until(
    () => feed.of('/event').some(({ kind }) => kind === 'crash-loop'),
    () => `the event; ${child.said()}`,
  );
  await feed.until(() => feed.of('/telemetry').length > 1, 'telemetry as the good configuration says');
  const { profile } = feed.of('/info').at(-1);
  t.not(profile.name, 'w1.00-p0.00-q8');
  t.regex(profile.reason, /smaller than w1\.00-p0\.00-q8: 3 starts failed/);
  await end(child, 'SIGTERM');
  t.is(JSON.parse(await readFile(join(folder, 'state', 'starts.json'), 'utf8')).failed, 0, 'an end in order');
});
