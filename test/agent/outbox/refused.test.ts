/** What can't be sent: put aside with the reason, and the rest goes on. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { plainDoor, startAgent } from '../support/agent-rig.js';
import { brokerKinds } from '../support/brokers.js';
import { hasMosquitto, watch } from '../support/mosquitto-tools.js';

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
