/** Commands at both brokers, written by Mosquitto's clients: every one ends, none runs twice. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { init, plainDoor, startAgent } from '../support/agent-rig.js';
import { brokerKinds } from '../support/brokers.js';
import { hasMosquitto, publish, watch } from '../support/mosquitto-tools.js';

const topic = (operation: string, id: string) => `snug/v1/board-1/cmd/${operation}/${id}`;

for (const { name, start } of brokerKinds) {
  test(`${name}: ping goes init, executing, successful; a repeat of the id runs nothing`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const feed = await watch(t, door, 'snug/v1/board-1/#');
    await startAgent(t, { port });
    await feed.until(() => feed.of('/status').length > 0, 'online');
    await publish(door, topic('ping', 'a'), init({ requestedBy: 'me' }), '-r');
    await feed.until(() => feed.states('ping', 'a').includes('successful'), 'the end');
    t.deepEqual(feed.states('ping', 'a'), ['init', 'executing', 'successful']);
    t.is(feed.of('/cmd/ping/a').at(-1).requestedBy, 'me', 'unknown fields are passed on');
    t.is(feed.of('/cmd/ping/a').at(-1).result.version, '0.0.0-test');
    await publish(door, topic('ping', 'a'), init(), '-r');
    await feed.until(() => feed.states('ping', 'a').length === 5, 'the recorded end');
    t.deepEqual(feed.states('ping', 'a').slice(3), ['init', 'successful']);
    const late = await watch(t, door, topic('ping', 'a'));
    await late.until(() => late.messages.length > 0, 'the retained end');
    t.is(late.messages[0].payload.status, 'successful');
    await publish(door, topic('ping', 'b'), init());
    await feed.until(() => feed.states('ping', 'b').includes('successful'), 'a command that is not retained');
    await publish(door, topic('ping', 'a'), '', '-r');
    await publish(door, topic('ping', 'a'), init(), '-r');
    await feed.until(
      () => feed.states('ping', 'a').length === 8,
      'a new command after the requester cleared the old one',
    );
    t.deepEqual(feed.states('ping', 'a').slice(5), ['init', 'executing', 'successful']);
  });

  test(`${name}: config.get shows the configuration, secrets masked`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t, { user: { name: 'pump', password: 'geheim' } });
    const door = { ...plainDoor(port), options: ['-u', 'pump', '-P', 'geheim'] };
    const feed = await watch(t, door, 'snug/v1/board-1/#');
    await startAgent(t, { port, mqtt: '  username: pump\n  password: geheim' });
    await feed.until(() => feed.of('/status').length > 0, 'online');
    await publish(door, topic('config.get', 'a'), init(), '-r');
    await feed.until(() => feed.states('config.get', 'a').includes('successful'), 'the end');
    const { config } = feed.of('/cmd/config.get/a').at(-1).result;
    t.is(config.mqtt.password, '***');
    t.is(config.telemetry.intervalMs, 10_000);
    t.false(JSON.stringify(feed.messages).includes('geheim'));
  });

  test(`${name}: garbage, unknown, expired and misshapen commands are answered; the agent lives on`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const feed = await watch(t, door, 'snug/v1/board-1/#');
    await startAgent(t, { port });
    await feed.until(() => feed.of('/status').length > 0, 'online');
    const garbage: Record<string, unknown> = {
      'not-json': '{"status":',
      array: '[]',
      'not-utf8': Buffer.from([0xff, 0xfe]).toString('latin1'),
      'no-status': { v: 1, state: 'init' },
      'no-version': { status: 'init', ts: new Date().toISOString() },
      'wrong-version': init({ v: 2 }),
      'wrong-expiry': init({ expiresAt: 'soon' }),
      nested: `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
      long: init({ padding: 'x'.repeat(300_000) }),
    };
    for (const [id, payload] of Object.entries(garbage)) {
      await publish(door, topic('ping', id), payload, '-r');
      await feed.until(() => feed.states('ping', id).includes('failed'), `an answer to ${id}`);
      t.is(feed.of(`/cmd/ping/${id}`).at(-1).code, 'invalid-message', id);
    }
    t.regex(feed.of('/cmd/ping/no-status').at(-1).reason, /status: .*'init'/);
    await publish(door, topic('frobnicate', 'u'), init());
    await feed.until(() => feed.states('frobnicate', 'u').includes('failed'), 'an answer to an unknown operation');
    t.is(feed.of('/cmd/frobnicate/u').at(-1).code, 'unknown-operation');
    await publish(door, topic('ping', 'old'), init({ expiresAt: '2020-01-01T00:00:00Z' }), '-r');
    await feed.until(() => feed.states('ping', 'old').includes('failed'), 'an answer to an expired one');
    t.is(feed.of('/cmd/ping/old').at(-1).code, 'expired');
    await publish(door, topic('ping', 'state'), init({ status: 'executing' }), '-r');
    await publish(door, topic('ping', 'good'), init(), '-r');
    await feed.until(() => feed.states('ping', 'good').includes('successful'), 'a good ping after the bad ones');
    t.deepEqual(feed.states('ping', 'state'), ['executing'], 'only an init starts anything');
  });

  test(`${name}: a command that was running at the crash ends as interrupted, and never runs again`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const feed = await watch(t, door, 'snug/v1/board-1/#');
    const prepare = (stateDir: string) =>
      writeFile(
        join(stateDir, 'commands.jsonl'),
        `${JSON.stringify({ key: 'ping/x', operation: 'ping', id: 'x', begunMs: Date.now(), fields: { who: 'me' } })}\n{"key":"ping/t`,
      );
    const { stateDir, agent } = await startAgent(t, { port, prepare });
    await feed.until(() => feed.states('ping', 'x').length > 0, 'its end');
    t.is(feed.of('/cmd/ping/x').at(-1).code, 'interrupted');
    t.is(feed.of('/cmd/ping/x').at(-1).who, 'me');
    await feed.until(() => feed.of('/event').some(({ kind }) => kind === 'command-interrupted'), 'the event');
    await publish(door, topic('ping', 'x'), init(), '-r');
    await feed.until(() => feed.states('ping', 'x').length === 3, 'its end again');
    t.deepEqual(feed.states('ping', 'x'), ['failed', 'init', 'failed']);
    await agent.stop();
    const again = await startAgent(t, { port, stateDir });
    await feed.until(() => feed.of('/status').at(-1)?.state === 'online', 'online again');
    await publish(door, topic('ping', 'x'), init(), '-r');
    await feed.until(() => feed.states('ping', 'x').length === 5, 'its end after a restart');
    t.deepEqual(feed.states('ping', 'x').slice(3), ['init', 'failed']);
    await again.agent.stop();
    t.true((await readFile(join(stateDir, 'commands.jsonl'), 'utf8')).endsWith('\n'));
  });

  test(`${name}: an end that the broker never got is told at the next start, once`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
    const entry = { key: 'ping/e', operation: 'ping', id: 'e', begunMs: Date.now(), outcome: { status: 'successful' } };
    const prepare = (stateDir: string) => writeFile(join(stateDir, 'commands.jsonl'), `${JSON.stringify(entry)}\n`);
    const { agent, stateDir } = await startAgent(t, { port, prepare });
    await feed.until(() => feed.states('ping', 'e').length === 1, 'the end');
    await agent.stop();
    await startAgent(t, { port, stateDir });
    await feed.until(() => feed.of('/status').length === 3, 'online again');
    await publish(plainDoor(port), topic('ping', 'f'), init());
    await feed.until(() => feed.states('ping', 'f').includes('successful'), 'another command');
    t.deepEqual(feed.states('ping', 'e'), ['successful']);
  });

  test(`${name}: a command that waited at the broker while the agent was away runs once`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const feed = await watch(t, door, 'snug/v1/board-1/#');
    await publish(door, topic('ping', 'early'), init(), '-r');
    await startAgent(t, { port });
    await feed.until(() => feed.states('ping', 'early').includes('successful'), 'the end');
    t.deepEqual(feed.states('ping', 'early'), ['init', 'executing', 'successful']);
  });

  test(`${name}: the end also goes to the response topic, with the correlation data`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const feed = await watch(t, door, '#');
    const replies = await watch(t, door, 'answers/+');
    await startAgent(t, { port });
    await feed.until(() => feed.of('/status').length > 0, 'online');
    const ask = (id: string, to: string) =>
      publish(
        door,
        topic('ping', id),
        init(),
        '-D',
        'publish',
        'response-topic',
        to,
        '-D',
        'publish',
        'correlation-data',
        'c7',
      );
    await ask('r', 'answers/me');
    await replies.until(() => replies.messages.length > 0, 'the answer');
    t.is(replies.messages[0].payload.status, 'successful');
    await ask('s', 'snug/v1/board-1/status');
    await feed.until(() => feed.states('ping', 's').includes('successful'), 'the end');
    t.true(
      feed.of('/status').every((payload) => payload.state === 'online'),
      'an answer is never written to our own topics',
    );
  });

  test(`${name}: a storm of commands: each is answered, at most one by one`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const feed = await watch(t, door, 'snug/v1/board-1/cmd/#');
    await startAgent(t, { port });
    await feed.until(() => feed.of('/cmd/ping').length > 0, 'the capability');
    const ids = Array.from({ length: 60 }, (_, i) => `storm-${i}`);
    await Promise.all(ids.map((id) => publish(door, topic('ping', id), init())));
    const ends = (id: string) => feed.states('ping', id).filter((state) => ['successful', 'failed'].includes(state));
    await feed.until(
      () => ids.every((id) => ends(id).length === 1),
      () =>
        `an end for each; without: ${ids.filter((id) => ends(id).length !== 1).map((id) => `${id} ${feed.states('ping', id)}`)}`,
    );
    t.pass();
  });
}
