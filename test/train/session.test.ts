/** Runs within a step leave their results where they are told to, and nothing else. */
import test, { type ExecutionContext } from 'ava';
import { Emitter } from '../../src/model/gradient/emitter.js';
import { Tensor } from '../../src/runtime/index.js';
import { StepSession } from '../../src/train/session.js';

async function doubling(t: ExecutionContext): Promise<StepSession> {
  const emit = new Emitter('doubling');
  emit.output('y', emit.multiply(emit.input('x', ['n']), 2), ['n']);
  const session = await StepSession.open(await emit.encode(), 1);
  t.teardown(() => session.release());
  return session;
}

const some = (numbers: Float32Array) => new Tensor('float32', numbers, [numbers.length]);

test('results land in the arrays given, an input’s own among them, and in no other memory', async (t) => {
  const session = await doubling(t);
  const count = 4_000_000;
  const [x, y] = [new Float32Array(count).fill(1.5), new Float32Array(count)];
  const before = process.memoryUsage().arrayBuffers;
  await session.run({ x: some(x) }, { y: some(y) });
  await session.run({ x: some(y) }, { y: some(y) });
  const grown = process.memoryUsage().arrayBuffers - before;
  t.true(y.every((value) => value === 6));
  t.true(grown < 4 * count, `${grown} bytes more`);
});

test('a run that fails says so', async (t) => {
  const session = await doubling(t);
  const error = await t.throwsAsync(session.run({ x: some(new Float32Array(3)) }, { y: some(new Float32Array(2)) }));
  t.regex(error?.message ?? '', /shape/i);
  await t.throwsAsync(session.run({}, { y: some(new Float32Array(2)) }));
});
