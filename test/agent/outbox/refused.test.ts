/** What can't be sent: put aside with the reason, and the rest goes on. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { DropNews } from '../../../agent/outbox/drop-news.js';
import { messagesOf } from '../../../agent/outbox/messages.js';
import { init, plainDoor, startAgent } from '../support/agent-rig.js';
import { brokerKinds } from '../support/brokers.js';
import { hasMosquitto, publish, watch } from '../support/mosquitto-tools.js';

test('a record that is too long for a message is a dead letter; those before and after it arrive', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port } = await brokerKinds[1].start(t);
  const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
  const sourceMore = '    publish: { text: true }\n    recordLimitBytes: 1000000';
  const { source, stateDir } = await startAgent(t, { port, sourceMore });
  await feed.until(() => feed.of('/status').length > 0, 'online');
  await source.say('my balance', `the weather ${'x'.repeat(300_000)}`, 'the weather');
  const seqs = () =>
    feed.of('/result/console').flatMap(({ predictions }) => predictions.map(({ seq }: { seq: number }) => seq));
  await feed.until(() => seqs().includes(3), 'the record after it');
  t.deepEqual(seqs(), [1, 3]);
  await feed.until(() => feed.of('/event').some(({ cause }) => cause === 'refused'), 'the event');
  const lettersOf = () => readdir(join(stateDir, 'dead-letters')).catch(() => []);
  while ((await lettersOf()).length === 0) await pause(20); // it is written beside the stream
  const [name] = await lettersOf();
  const { reason, source: from, cut } = JSON.parse(await readFile(join(stateDir, 'dead-letters', name), 'utf8'));
  t.regex(reason, /at most 262144 bytes/);
  t.deepEqual([from, cut], ['console', true]);
});

test('a broker that takes short messages only: the records of a batch go in several, and the one that is too long is put aside', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port } = await brokerKinds[1].start(t, { packetBytes: 3000 });
  const feed = await watch(t, plainDoor(port), 'snug/v1/board-1/#');
  const { source, stateDir } = await startAgent(t, { port, sourceMore: '    publish: { text: true }' });
  await feed.until(() => feed.of('/status').length > 0, 'online');
  const short = Array.from({ length: 60 }, (_, at) => `my balance ${at}`);
  await source.say('the weather', `the weather ${'x'.repeat(4000)}`, ...short);
  const seqs = () =>
    feed.of('/result/console').flatMap(({ predictions }) => predictions.map(({ seq }: { seq: number }) => seq));
  await feed.until(() => seqs().includes(62), 'the last record');
  t.deepEqual(seqs(), [1, ...short.map((_, at) => at + 3)]);
  await feed.until(() => feed.of('/event').some(({ cause }) => cause === 'refused'), 'the event');
  t.like(
    feed.of('/event').find(({ cause }) => cause === 'refused'),
    { count: 1, total: 1, source: 'console' },
  );
  const lettersOf = () => readdir(join(stateDir, 'dead-letters')).catch(() => []);
  while ((await lettersOf()).length === 0) await pause(20); // it is written beside the stream
  const [name] = await lettersOf();
  const { content } = JSON.parse(await readFile(join(stateDir, 'dead-letters', name), 'utf8'));
  t.true(JSON.stringify(content).includes('xxxx'));

  for (let at = 0; at < 40; at++) await publish(plainDoor(port), `snug/v1/board-1/cmd/nothing/${at}`, init()); // a line of log each
  await publish(plainDoor(port), 'snug/v1/board-1/cmd/logs.tail/long', init({ level: 'debug', lines: 200 }), '-r');
  const ended = () => feed.of('/cmd/logs.tail/long').find(({ status }) => /successful|failed/.test(status));
  await feed.until(() => ended() !== undefined, 'the end of a command whose answer is too long');
  t.like(ended(), { status: 'failed', code: 'error' });
  t.regex(ended().reason, /longer than the broker takes/);
});

test('records are shared out over as many messages as it takes, in order', (t) => {
  const one = (seq: number, text: string) => ({ seq, text }) as unknown as Parameters<typeof messagesOf>[0][number];
  const all = ['a', 'b', 'c'.repeat(100), 'd', 'e'].map((text, at) => one(at, text));
  const { messages, tooLong } = messagesOf(all, 60, (some) => JSON.stringify(some));
  t.deepEqual(
    messages.flatMap(({ predictions }) => predictions.map(({ seq }) => seq)),
    [0, 1, 3, 4],
  );
  t.true(messages.every(({ payload }) => Buffer.byteLength(payload) <= 60));
  t.deepEqual(tooLong, [all[2]]);
  t.is(
    messagesOf([one(0, 'ä'.repeat(20))], 40, (some) => JSON.stringify(some)).messages.length,
    0,
    'bytes, not characters',
  );
});

test('the counts of events about dropped records add up, each source’s by itself', (t) => {
  const events: Record<string, unknown>[] = [];
  const log = { warn: () => undefined, error: () => undefined } as unknown as ConstructorParameters<typeof DropNews>[0];
  let nowMs = 0;
  const news = new DropNews(
    log,
    (_kind, _message, fields) => events.push(fields),
    () => nowMs,
  );
  for (const source of ['a', 'a', 'b', 'a', 'a', 'a']) news.refused(source, 'too long', 1);
  nowMs = 60_000;
  news.look();
  news.look();
  const sumOf = (source: string) =>
    events.filter((each) => each.source === source).reduce((sum, { count }) => sum + (count as number), 0);
  t.deepEqual([sumOf('a'), sumOf('b')], [5, 1]);
  t.like(events.at(-1), { source: 'a', total: 5 });
  t.deepEqual(news.counts, { refused: 6 });
});
