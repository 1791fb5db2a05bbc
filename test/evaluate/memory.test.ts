/** Memory as the kernel counts it. */
import test from 'ava';
import { processMemory } from '../../src/evaluate/memory.js';

test('anonymous memory is a part of all, and grows by what is written to', (t) => {
  const before = processMemory();
  if (before.rssBytes === 0) {
    t.log('no /proc/self/status here: not tested');
    return t.pass();
  }
  t.true(before.rssAnonBytes > 0 && before.rssAnonBytes < before.rssBytes);
  const held = Buffer.alloc(64 << 20, 1);
  const after = processMemory();
  t.true(after.rssAnonBytes - before.rssAnonBytes > 48 << 20, `${after.rssAnonBytes - before.rssAnonBytes}`);
  t.is(held[held.length - 1], 1);
});
