/** The agent at both brokers, seen from Mosquitto's own clients. */
import test from 'ava';
import { messages } from '../../src/protocol/index.js';
import { plainDoor, startAgent } from './support/agent-rig.js';
import { brokerKinds } from './support/brokers.js';
import { hasMosquitto, publish, watch } from './support/mosquitto-tools.js';

for (const { name, start } of brokerKinds) {
  test(`${name}: an agent announces itself, and a late listener finds status, info and capabilities`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const feed = await watch(t, plainDoor(port), 'snug/v1/#');
    await startAgent(t, { port });
    await feed.until(() => feed.of('/status').at(-1)?.state === 'online', 'online');
    t.truthy(feed.of('/info').at(-1), 'info comes before online');
    t.truthy(feed.of('/cmd/ping').at(-1), 'capabilities come before online');

    const late = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
    await late.until(() => late.messages.filter(({ retained }) => retained).length >= 12, 'twelve retained messages');
    const kept = late.messages.filter(({ retained }) => retained).map(({ topic }) => topic.slice(16));
    t.deepEqual(kept.toSorted(), [
      'cmd/benchmark',
      'cmd/config.get',
      'cmd/config.set',
      'cmd/dead-letters.list',
      'cmd/logs.tail',
      'cmd/ping',
      'cmd/profile.auto',
      'cmd/profile.set',
      'cmd/restart',
      'cmd/sample',
      'info',
      'status',
    ]);
    t.is(late.of('/cmd/ping').at(-1).arguments.type, 'object');
    t.is(late.of('/info').at(-1).board.cores > 0, true);
    t.true(messages.info.safeParse(late.of('/info').at(-1)).success);
  });

  test(`${name}: lines become predictions, in order, once, without the text`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
    const { source } = await startAgent(t, { port });
    const lines = Array.from({ length: 500 }, (_, i) => (i % 2 ? `my balance ${i}` : `the weather ${i}`));
    await feed.until(() => feed.of('/status').length > 0, 'online');
    await source.say(...lines);
    const predictions = () => feed.of('/result/console').flatMap((payload) => payload.predictions);
    await feed.until(() => predictions().length >= 500, '500 predictions');
    t.deepEqual(
      predictions().map(({ seq, label }) => [seq, label]),
      lines.map((line, i) => [i + 1, line.includes('balance') ? 'balance' : 'weather']),
    );
    t.true(predictions().every((each) => !('text' in each)));
    t.true(feed.of('/result/console').length < 500, 'records that come fast share messages');
    for (const message of feed.of('/result/console')) t.true(messages.result.safeParse(message).success);
  });

  test(`${name}: a source that says so has its text in the messages`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/result/console');
    const { source } = await startAgent(t, { port, sourceMore: '    publish: { text: true }' });
    await source.say('my balance');
    await feed.until(() => feed.messages.length > 0, 'a result');
    t.is(feed.messages[0].payload.predictions[0].text, 'my balance');
  });

  test(`${name}: telemetry comes at its interval, small and complete`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
    const { source } = await startAgent(t, { port, more: 'telemetry: { intervalMs: 100 }' });
    await feed.until(() => feed.of('/status').length > 0, 'online');
    await source.say('my balance', 'the weather', 'other');
    await feed.until(() => feed.of('/telemetry').at(-1)?.records.total === 3, 'telemetry that counts three records');
    const telemetry = feed.of('/telemetry').at(-1);
    t.true(JSON.stringify(telemetry).length < 4096);
    t.is(telemetry.records.refused, 1);
    t.true(telemetry.rssAnonBytes > 0);
    t.deepEqual(telemetry.queue, { console: 0 });
    t.true(messages.telemetry.safeParse(telemetry).success);
  });

  test(`${name}: stop says offline with the session of online, and the will stays unsaid`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/status');
    const { agent, source } = await startAgent(t, { port });
    await feed.until(() => feed.messages.length > 0, 'online');
    await source.say('my balance');
    await agent.stop();
    await publish(plainDoor(port), 'snug/v1/board-1/status', { mark: true });
    await feed.until(() => feed.messages.some(({ payload }) => payload.mark), 'our own mark');
    const said = feed.messages.map(({ payload }) => payload);
    t.deepEqual(
      said.map(({ state }) => state),
      ['online', 'offline', undefined],
    );
    t.is(said[0].session, said[1].session);
  });

  test(`${name}: an offline that the agent did not write is answered with online`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const feed = await watch(t, door, 'snug/v1/board-1/status');
    await startAgent(t, { port });
    await feed.until(() => feed.messages.length === 1, 'online');
    await publish(
      door,
      'snug/v1/board-1/status',
      { v: 1, ts: '2020-01-01T00:00:00Z', state: 'offline', session: 1 },
      '-r',
    );
    await feed.until(() => feed.messages.at(-1)?.payload.state === 'online' && feed.messages.length === 3, 'online');
    await publish(door, 'snug/v1/board-1/status', '', '-r');
    await feed.until(() => feed.messages.at(-1)?.payload?.state === 'online' && feed.messages.length === 5, 'online');
    t.pass();
  });

  test(`${name}: a second agent of the same name takes over; the first one's will does not have the last word`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/status');
    const first = await startAgent(t, { port });
    await feed.until(() => feed.messages.length === 1, 'the first online');
    await startAgent(t, { port });
    await feed.until(() => feed.messages.length >= 3, 'offline and online again');
    t.deepEqual(
      feed.messages.slice(0, 3).map(({ payload }) => payload.state),
      ['online', 'offline', 'online'],
    );
    await first.agent.stop();
    await feed.until(() => feed.messages.at(-1)?.payload.state === 'online', 'the second one online at last');
  });
}
