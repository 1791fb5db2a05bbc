import test from 'ava';
import { type ApartOptions, apart, processesAtWork } from '../../src/apart/index.js';
import type { Order } from './support/worker.js';

const program = new URL('./support/worker', import.meta.url);
const give = (task: Order, options: ApartOptions<number> = {}) =>
  apart<Order, number>({ program, task, what: 'try' }, options);

test('what is found comes back in order, and then the end', async (t) => {
  const said: number[] = [];
  t.true(await give('count', { onSaid: (one) => said.push(one) }));
  t.deepEqual(said, [1, 2, 3]);
});

test('an error keeps its code and its remedy', async (t) => {
  const error = await t.throwsAsync(give('refuse'), { code: 'CACHE_WRITE', message: /no room/ });
  t.is((error as unknown as { remedy: string }).remedy, 'Make room.');
});

test('a process that ends by itself is told of', async (t) => {
  await t.throwsAsync(give('crash'), { code: 'CHILD_ENDED', message: /that was to try ended with code 3/ });
});

test('a time that is over is no error', async (t) => {
  t.false(await give('never end', { limitMs: 200 }));
});

test('it can be called off, before and while it runs', async (t) => {
  await t.throwsAsync(give('count', { signal: AbortSignal.abort() }), {
    code: 'CHILD_ENDED',
    message: /before it began/,
  });
  const control = new AbortController();
  const running = give('never end', { signal: control.signal });
  control.abort();
  await t.throwsAsync(running, { code: 'CHILD_ENDED', message: /was ended by SIGKILL/ });
});

test.serial('who is at work is known until the work ends', async (t) => {
  const before = processesAtWork();
  const control = new AbortController();
  const running = give('never end', { signal: control.signal });
  const [pid, ...more] = processesAtWork().filter((one) => !before.includes(one));
  t.deepEqual(more, []);
  t.notThrows(() => process.kill(pid, 0));
  control.abort();
  await t.throwsAsync(running);
  t.false(processesAtWork().includes(pid));
});

test('a word reaches the one who works', async (t) => {
  t.true(await give('until told', { word: () => 'enough' }));
});

test('the kernel takes it first where memory runs out', async (t) => {
  if (process.platform !== 'linux') return t.pass('only Linux tells');
  const said: number[] = [];
  await give('who goes first', { onSaid: (one) => said.push(one) });
  t.deepEqual(said, [1000]);
});
