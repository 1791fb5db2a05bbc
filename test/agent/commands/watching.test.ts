/** Operations that look on, and what no requester can break: at both brokers, by Mosquitto's clients. */
import test, { type ExecutionContext } from 'ava';
import { init, plainDoor, startAgent } from '../support/agent-rig.js';
import { type BrokerKind, brokerKinds } from '../support/brokers.js';
import { hasMosquitto, publish, watch } from '../support/mosquitto-tools.js';

const topic = (operation: string, id: string) => `snug/v1/board-1/cmd/${operation}/${id}`;

/** An agent that is online, and all that is said of it. */
async function online(t: ExecutionContext, start: BrokerKind['start'], sourceMore = '') {
  const { port } = await start(t);
  const door = plainDoor(port);
  const feed = await watch(t, door, 'snug/v1/board-1/#');
  const rig = await startAgent(t, { port, sourceMore });
  await feed.until(() => feed.of('/status').length > 0, 'online');
  return { ...rig, door, feed };
}

for (const { name, start } of brokerKinds) {
  test(`${name}: sample gives the next records with where their time went, while other commands are answered`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { door, feed, source } = await online(t, start, '    publish: { text: true }');
    await publish(door, topic('sample', 's'), init({ count: 2 }), '-r');
    await feed.until(() => feed.states('sample', 's').includes('executing'), 'it runs');
    await publish(door, topic('ping', 'p'), init());
    await feed.until(() => feed.states('ping', 'p').includes('successful'), 'a ping beside it');
    await source.say('my balance', 'the weather', 'more');
    await feed.until(() => feed.states('sample', 's').includes('successful'), 'its end');
    const { records, complete } = feed.of('/cmd/sample/s').at(-1).result;
    t.true(complete);
    t.deepEqual(
      records.map(({ text, label, seq }: { text: string; label: string; seq: number }) => [seq, text, label]),
      [
        [1, 'my balance', 'balance'],
        [2, 'the weather', 'weather'],
      ],
    );
    t.true(records.every(({ ms }: { ms: Record<string, number> }) => ms.total >= ms.model && ms.waited >= 0));
    await publish(door, topic('sample', 'few'), init({ count: 5, limitS: 1 }), '-r');
    await feed.until(() => feed.states('sample', 'few').includes('successful'), 'an end without records');
    t.deepEqual(feed.of('/cmd/sample/few').at(-1).result, { records: [], complete: false });
  });

  test(`${name}: a sample of a source that there is not is refused with those that there are`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { door, feed, source } = await online(t, start);
    await publish(door, topic('sample', 'nope'), init({ source: 'nope' }));
    await feed.until(() => feed.states('sample', 'nope').includes('failed'), 'it is refused');
    t.like(feed.of('/cmd/sample/nope').at(-1), {
      code: 'invalid-arguments',
      reason: 'source: there is no source "nope"; there are: console',
    });
    t.deepEqual(feed.of('/cmd/sample').at(-1).arguments.properties.source.enum, ['console']);
    await publish(door, topic('sample', 'it'), init({ source: 'console', count: 1 }));
    await feed.until(() => feed.states('sample', 'it').includes('executing'), 'it runs');
    await source.say('my balance');
    await feed.until(() => feed.states('sample', 'it').includes('successful'), 'its end');
  });

  test(`${name}: a text is sampled, and a dead letter shown, only where its source publishes it`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { door, feed, source } = await online(t, start);
    await publish(door, topic('sample', 's'), init({ count: 1 }));
    await feed.until(() => feed.states('sample', 's').includes('executing'), 'it runs');
    await source.say('my balance', 'the poison');
    await feed.until(() => feed.states('sample', 's').includes('successful'), 'its end');
    await feed.until(() => feed.of('/event').some(({ kind }) => kind === 'record-failed'), 'the record that failed');
    await publish(door, topic('dead-letters.list', 'd'), init());
    await feed.until(() => feed.states('dead-letters.list', 'd').includes('successful'), 'the dead letters');
    const { counts, letters } = feed.of('/cmd/dead-letters.list/d').at(-1).result;
    t.is(counts.added, 1);
    t.deepEqual([letters[0].source, letters[0].seq], ['console', 2]);
    t.regex(letters[0].reason, /chokes on poison/);
    t.false(JSON.stringify(feed.messages).includes('my balance'));
    t.false(JSON.stringify(feed.messages).includes('the poison'));
  });

  test(`${name}: logs.tail gives the newest lines, filtered, and follows to an end`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { door, feed } = await online(t, start);
    await publish(door, topic('logs.tail', 'l'), init({ lines: 5, contains: 'online at' }));
    await feed.until(() => feed.states('logs.tail', 'l').includes('successful'), 'the lines');
    const { lines } = feed.of('/cmd/logs.tail/l').at(-1).result;
    t.is(lines.length, 1);
    t.is(lines[0].level, 'info');
    await publish(door, topic('logs.tail', 'f'), init({ lines: 0, followS: 2, contains: 'a command' }));
    await feed.until(() => feed.states('logs.tail', 'f').includes('executing'), 'it follows');
    await publish(door, topic('ping', 'seen'), init());
    await feed.until(() => feed.states('logs.tail', 'f').includes('successful'), 'its end');
    const followed = feed.of('/cmd/logs.tail/f').at(-1).result.lines as { fields: { id: string } }[];
    t.true(followed.some(({ fields }) => fields.id === 'seen'));
  });

  test(`${name}: a payload of 10 MB, and the same id from two owners at once: the agent lives, and one end is told`, async (t) => {
    if (!hasMosquitto(t)) return t.pass();
    const { port } = await start(t);
    const door = plainDoor(port);
    const feed = await watch(t, door, 'snug/v1/board-1/+/+/+');
    const status = await watch(t, door, 'snug/v1/board-1/status');
    await startAgent(t, { port });
    await status.until(() => status.messages.length > 0, 'online');
    await publish(door, topic('ping', 'huge'), 'x'.repeat(10_000_000));
    await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        publish(door, topic('sample', 'both'), init({ count: 1, limitS: 1, owner: i })),
      ),
    );
    await feed.until(() => feed.states('sample', 'both').includes('successful'), 'its end');
    await publish(door, topic('ping', 'after'), init());
    await feed.until(() => feed.states('ping', 'after').includes('successful'), 'a ping after all that');
    t.is(feed.states('sample', 'both').filter((state) => state === 'executing').length, 1);
    t.deepEqual(
      status.messages.map(({ payload }) => payload.state),
      ['online'],
      'the link was not lost',
    );
  });
}
