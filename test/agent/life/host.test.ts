/** What outlives an agent: trials of configurations, restarts, and how commands end over them. Time is handed in. */
import test from 'ava';
import { systemClock } from '../../../agent/clock.js';
import { HANDED_OVER } from '../../../agent/commands/index.js';
import { type AgentConfig, checkConfig } from '../../../agent/config/index.js';
import { Host, type HostedAgent, type HostLife } from '../../../agent/life/index.js';
import type { CommandOutcome } from '../../../src/protocol/index.js';

const text = 'device: d\nbundle: ./b\nmqtt: { url: "mqtt://good" }\nsources: { in: { kind: stdin } }\n';
const by = { operation: 'config.set', id: 'a' };
const entry = { ...by, begunMs: 0 };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** An agent that is online where its broker is called good. */
class PlainAgent implements HostedAgent {
  state: 'new' | 'running' | 'stopped' = 'new';
  wrong: string | undefined;
  readonly applied: (readonly string[])[] = [];
  readonly finished: CommandOutcome[] = [];
  readonly failed = new Promise<never>(() => undefined);
  onFinish = () => {};

  constructor(
    readonly config: AgentConfig,
    readonly life: HostLife,
  ) {}

  async start(): Promise<void> {
    if (this.config.mqtt.url.includes('refused')) throw new Error('it can’t start');
    this.state = 'running';
  }
  async stop(): Promise<void> {
    this.state = 'stopped';
  }
  trouble(): string | undefined {
    return this.wrong;
  }
  get online(): boolean {
    return this.config.mqtt.url.includes('good');
  }
  async apply(_config: AgentConfig, keys: readonly string[]): Promise<void> {
    this.applied.push(keys);
  }
  async finish(_command: object, outcome: CommandOutcome): Promise<void> {
    this.finished.push(outcome);
    this.onFinish();
  }
}

function hosted({ supervised = false, kept = {} as Record<string, unknown> } = {}) {
  let nowMs = 0;
  const agents: PlainAgent[] = [];
  const saved: object[] = [];
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const host = new Host(checkConfig(text, '/etc/snug.yaml'), {
    layers: { file: '/etc/snug.yaml', text },
    overrides: { read: async () => ({ set: kept }), keep: async (more) => void saved.push(more) },
    newAgent: (config, life) => {
      const agent = new PlainAgent(config, life);
      agents.push(agent);
      return agent;
    },
    supervised,
    clock: {
      ...systemClock,
      sleep: async (ms) => {
        nowMs += ms;
        await new Promise((resolve) => setImmediate(resolve));
      },
    },
    nowMs: () => nowMs,
    log: silent,
  });
  let ended: Promise<'stopped' | 'restart'> = Promise.resolve('stopped');
  const begun = new Promise<void>((resolve) => {
    ended = host.run(stopped, resolve);
  });
  return { host, agents, saved, stop, begun, ended };
}

const set = (life: HostLife, config: Record<string, unknown>) => life.setConfig(config, by, () => undefined);
/** Resolves when some agent was told the command's end. */
async function finishedBy(agents: readonly PlainAgent[], nth: number): Promise<CommandOutcome> {
  while (agents[nth] === undefined || agents[nth].finished.length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  return agents[nth].finished[0];
}

test('keys that need no restart are applied to the running agent, and kept once it has stayed well', async (t) => {
  const { agents, saved, begun, stop, ended } = hosted();
  await begun;
  const result = await set(agents[0].life, { telemetry: { intervalMs: 1000 } });
  t.deepEqual(result, { changed: ['telemetry.intervalMs'], restarted: [] });
  t.deepEqual(agents[0].applied, [['telemetry.intervalMs']]);
  t.deepEqual(saved, [{ set: { telemetry: { intervalMs: 1000 } }, by: 'config.set/a' }]);
  stop();
  t.is(await ended, 'stopped');
  t.is(agents.length, 1);
});

test('an agent that is not well with a change goes back, and nothing is kept', async (t) => {
  const { agents, saved, begun } = hosted();
  await begun;
  agents[0].wrong = 'stuck';
  await t.throwsAsync(set(agents[0].life, { telemetry: { intervalMs: 1000 } }), {
    code: 'CONFIG_REVERTED',
    message: /stuck/,
  });
  t.is(agents[0].applied.length, 2, 'applied, and taken back');
  t.deepEqual(saved, []);
});

test('keys that need a restart are proved by a new agent, which tells the end', async (t) => {
  const { agents, saved, begun, host } = hosted();
  await begun;
  t.is(await set(agents[0].life, { mqtt: { url: 'mqtt://good-too' } }), HANDED_OVER);
  while (agents.length < 2) await new Promise((resolve) => setImmediate(resolve));
  t.is(agents[0].state, 'stopped');
  t.is(agents[1].life.endOf(entry), 'open', 'the new agent must not call it interrupted');
  const end = await finishedBy(agents, 1);
  t.deepEqual(end, { status: 'successful', result: { changed: ['mqtt.url'], restarted: ['mqtt.url'] } });
  t.deepEqual(saved, [{ set: { mqtt: { url: 'mqtt://good-too' } }, by: 'config.set/a' }]);
  t.deepEqual(host.set, { mqtt: { url: 'mqtt://good-too' } });
});

for (const [what, url] of [
  ['loses its broker', 'mqtt://lost'],
  ['can’t start', 'mqtt://refused'],
])
  test(`a configuration with which the agent ${what} is taken back by an agent with the one before`, async (t) => {
    const { agents, saved, begun } = hosted();
    await begun;
    await set(agents[0].life, { mqtt: { url } });
    const end = await finishedBy(agents, 2);
    t.is(end.status, 'failed');
    t.regex('reason' in end ? end.reason : '', /the configuration before is in force again: /);
    t.is('error' in end ? end.error : undefined, 'CONFIG_REVERTED');
    t.is(agents[2].config.mqtt.url, 'mqtt://good');
    t.deepEqual(
      agents.map(({ state }) => state === 'running'),
      [false, false, true],
    );
    t.deepEqual(saved, []);
  });

test('a process that ended in the middle of a trial tells at its next start that it went back', (t) => {
  const { host } = hosted();
  const end = host.endOf(entry);
  t.true(typeof end === 'object' && end.status === 'failed' && /one before is in force/.test(end.reason));
  t.deepEqual(host.endOf({ operation: 'restart', id: 'r', begunMs: 0 }), { status: 'successful', result: {} });
  t.is(host.endOf({ operation: 'benchmark', id: 'b', begunMs: 0 }), undefined);
});

test('what was set is in force again after a restart of the process, unless it no longer fits the file', async (t) => {
  const good = hosted({ kept: { telemetry: { intervalMs: 2000 } } });
  await good.begun;
  t.is(good.agents[0].config.telemetry.intervalMs, 2000);
  const bad = hosted({ kept: { telemetry: { intervalMs: -1 } } });
  await bad.begun;
  t.is(bad.agents[0].config.telemetry.intervalMs, 10_000);
});

test('what is wrong is refused by name; what is the file’s alone stays so; programs never come over the wire', async (t) => {
  const { agents, begun } = hosted();
  await begun;
  const { life } = agents[0];
  await t.throwsAsync(set(life, { telemtry: { intervalMs: 1 } }), {
    code: 'CONFIG_INVALID',
    message: /telemtry.*telemetry/,
  });
  await t.throwsAsync(set(life, { telemetry: { intervalMs: -5 } }), { message: /telemetry\.intervalMs: .*-5/ });
  await t.throwsAsync(set(life, { device: 'other' }), { code: 'CONFIG_LOCAL', message: /^device/ });
  await t.throwsAsync(set(life, { mqtt: { passwordFile: '/etc/shadow' } }), { code: 'CONFIG_LOCAL' });
  await t.throwsAsync(set(life, { health: { listen: '127.0.0.1:1' } }), { code: 'CONFIG_LOCAL' });
  const spy = { kind: 'mqtt', topic: 't', url: 'mqtt://elsewhere', username: 'u', passwordFile: '/etc/shadow' };
  await t.throwsAsync(set(life, { sources: { spy } }), { code: 'CONFIG_LOCAL', message: /sources\.spy\.passwordFile/ });
  const program = { kind: 'exec', command: ['touch', '/tmp/owned'] };
  await t.throwsAsync(set(life, { sources: { evil: program } }), { code: 'CONFIG_LOCAL', message: /sources\.evil/ });
  await t.throwsAsync(set(life, { sources: { in: program } }), { code: 'CONFIG_LOCAL' });
  t.is(agents.length, 1);
});

test('restart: a new agent in the same process, or the process’s end where somebody starts it again', async (t) => {
  const alone = hosted();
  await alone.begun;
  alone.agents[0].life.restart();
  while (alone.agents.length < 2) await new Promise((resolve) => setImmediate(resolve));
  t.is(alone.agents[0].state, 'stopped');
  alone.stop();
  t.is(await alone.ended, 'stopped');
  const supervised = hosted({ supervised: true });
  await supervised.begun;
  supervised.agents[0].life.restart();
  t.is(await supervised.ended, 'restart');
  t.is(supervised.agents[0].state, 'stopped');
});
