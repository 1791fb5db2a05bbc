/** What waited, and what comes meanwhile. */
import test from 'ava';
import { plainDoor, startAgent } from '../support/agent-rig.js';
import { brokerKinds, freePort, relay } from '../support/brokers.js';
import { hasMosquitto, watch } from '../support/mosquitto-tools.js';

interface Result {
  readonly historical?: true;
  readonly predictions: readonly { readonly seq: number }[];
}

test('live results go past a long replay, which goes on in order and is marked', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const broker = await brokerKinds[0].start(t);
  const feed = await watch(t, plainDoor(broker.port), 'snug/v1/board-1/#');
  const port = await freePort();
  const { source, answered } = await startAgent(t, { port, more: 'outbox: { replayPerSecond: 500 }' });
  for (let i = 0; i < 20; i++) await source.say(...Array.from({ length: 100 }, (_, j) => `line ${i} ${j}`));
  while (answered() < 2000) await new Promise((resolve) => setTimeout(resolve, 10));
  await relay(t, port, broker.port);
  const results = () => feed.of('/result/console') as Result[];
  await feed.until(() => results().length >= 3, 'the replay has begun');
  await source.say('my balance');
  const seqs = (some: readonly Result[]) => some.flatMap(({ predictions }) => predictions.map(({ seq }) => seq));
  await feed.until(() => new Set(seqs(results())).size === 2001, 'everything');
  const live = results().findIndex(({ historical }) => historical !== true);
  t.deepEqual(seqs([results()[live]]), [2001]);
  t.true(live < results().length - 1, 'it did not wait for the replay');
  t.deepEqual(
    seqs(results().filter(({ historical }) => historical)),
    Array.from({ length: 2000 }, (_, i) => i + 1),
  );
});

test('telemetry of the time offline comes after the results, marked', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const broker = await brokerKinds[0].start(t);
  const feed = await watch(t, plainDoor(broker.port), 'snug/v1/board-1/#');
  const port = await freePort();
  const { source } = await startAgent(t, { port, more: 'telemetry: { intervalMs: 100 }' });
  await source.say('my balance');
  await new Promise((resolve) => setTimeout(resolve, 500)); // some telemetry while nobody hears it
  await relay(t, port, broker.port);
  await feed.until(() => feed.of('/telemetry').some(({ historical }) => historical), 'telemetry of before');
  t.is(feed.of('/telemetry').filter(({ historical }) => historical).length, 1, 'thinned');
  t.is((feed.of('/result/console') as Result[])[0].historical, true);
});
