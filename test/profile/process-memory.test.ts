/** Memory as the kernel counts it. */
import test from 'ava';
import { processMemory } from '../../src/profile/process-memory.js';

test('anonymous memory is a part of all, and grows by what is written to', (t) => {
  const before = processMemory();
  if (before.rssBytes === null || before.rssAnonBytes === null) {
    t.log('no /proc/self/status here: not tested');
    return t.pass();
  }
  t.true(before.rssAnonBytes > 0 && before.rssAnonBytes < before.rssBytes);
  const held = Buffer.alloc(64 << 20, 1);
  const after = processMemory();
  const grownBytes = (after.rssAnonBytes ?? 0) - before.rssAnonBytes;
  t.true(grownBytes > 48 << 20, `${grownBytes}`);
  t.is(held[held.length - 1], 1);
});

test('nothing is known of a process that is gone', (t) => {
  t.deepEqual(processMemory(2 ** 22 + 1), { rssAnonBytes: null, rssBytes: null });
});
