import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'ava';
import { Replay } from '../../../src/cli/demo/replay.js';

test('lines come in order, and begin again after the last', async (t) => {
  const replay = new Replay({ texts: ['one', 'two', 'three'], rate: 10_000, count: 7 });
  const lines: string[] = [];
  const reader = createInterface(replay.stream).on('line', (line) => lines.push(line));
  replay.start();
  while (lines.length < 7) await once(reader, 'line');
  replay.stop();
  t.deepEqual(lines, ['one', 'two', 'three', 'one', 'two', 'three', 'one']);
});

test('a reader that pauses is not flooded when it comes back', async (t) => {
  const replay = new Replay({ texts: ['x'.repeat(1000)], rate: 100_000 });
  t.teardown(() => replay.stop());
  replay.start();
  await once(replay.stream, 'readable');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.true(replay.stream.readableLength <= 2 * replay.stream.readableHighWaterMark + 1001);
});
