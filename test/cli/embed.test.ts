/** `snug embed` from outside. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { bundleOf, useOwnCache } from '../bundle/support.js';
import { fixtures, temporaryFolder } from '../checkpoint/support.js';
import { cosine, fixture, unit, worst } from '../model/support.js';
import { ended, snug, started } from './snug.js';

useOwnCache(test);

const checkpoint = join(fixtures, 'bert-mean');

interface Line {
  readonly text: string;
  readonly inputIds: number[];
  readonly vector: number[];
}

async function embedded(t: ExecutionContext, args: readonly string[], input: string | Uint8Array): Promise<Line[]> {
  const { code, out, err } = await snug(t, ['embed', ...args], input);
  t.is(code, 0, err);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test('a checkpoint: token ids and vectors of the reference, a line a text', async (t) => {
  const { expected } = await fixture(t, 'bert-mean');
  const rows = expected.texts.filter(({ text }) => !/[\n\r]/.test(text));
  const lines = await embedded(t, [checkpoint, '--normalize', '--json'], rows.map(({ text }) => `${text}\n`).join(''));
  t.deepEqual(
    lines.map(({ text }) => text),
    rows.map(({ text }) => text),
  );
  for (const [i, { inputIds, pooled }] of rows.entries()) {
    t.deepEqual(lines[i].inputIds, inputIds);
    t.true(worst(lines[i].vector, pooled) < 1e-4); // this fixture normalises
  }
  const plain = await embedded(t, [checkpoint], `${rows[1].text}\n`);
  t.true(worst(unit(plain[0].vector), rows[1].pooled) < 1e-4);
  t.true(Math.hypot(...plain[0].vector) > 1.5);
});

test('a bundle, by profile', async (t) => {
  const bundle = await bundleOf(t);
  const [eight] = await embedded(t, [bundle], 'turn off the lamp');
  const [full] = await embedded(t, [bundle, '--profile', 'w1.00-p0.00-q32'], 'turn off the lamp');
  t.deepEqual(eight.inputIds, full.inputIds);
  t.notDeepEqual(eight.vector, full.vector);
  t.true(cosine(eight.vector, full.vector) > 0.99);
});

test('lines as they come: CRLF, CR, empty ones, separators within a line, invalid UTF-8, no last newline', async (t) => {
  const input = Buffer.concat([Buffer.from('a\r\nb\rc\n\nd\u2028e\n\ufefff'), Buffer.from([0xff]), Buffer.from('\ng')]);
  const lines = await embedded(t, [checkpoint], input);
  t.deepEqual(
    lines.map(({ text }) => text),
    ['a', 'b', 'c', '', 'd\u2028e', '\ufefff\ufffd', 'g'],
  );
  t.deepEqual(await embedded(t, [checkpoint], ''), []);
});

test('many texts: the order given, each as if alone', async (t) => {
  const texts = Array.from({ length: 100 }, (_, i) => 'turn it off '.repeat(1 + (i % 9)).trim() + i);
  const lines = await embedded(t, [checkpoint], texts.join('\n'));
  t.deepEqual(
    lines.map(({ text }) => text),
    texts,
  );
  const [alone] = await embedded(t, [checkpoint], texts[57]);
  t.true(worst(alone.vector, lines[57].vector) < 1e-5);
});

/** A folder for temporary files, so that the test sees what is left. */
async function embedding(t: ExecutionContext) {
  const temporary = await temporaryFolder(t);
  return { temporary, child: started(t, ['embed', checkpoint], { TMPDIR: temporary }) };
}

test('a reader that leaves ends it quietly, though the input never ends', async (t) => {
  const { temporary, child } = await embedding(t);
  const feeding = setInterval(() => child.stdin.write('turn off the lamp\n'.repeat(32)), 5);
  t.teardown(() => clearInterval(feeding));
  child.stdout.once('data', () => child.stdout.destroy());
  const { code, err } = await ended(child);
  t.is(code, 0, err);
  t.is(err, '');
  t.deepEqual(readdirSync(temporary), []);
});

test('Ctrl-C: what was read is answered, and no temporary file stays', async (t) => {
  const { temporary, child } = await embedding(t);
  child.stdin.write(`${'turn off the lamp\n'.repeat(32)}one more\n`);
  child.stdout.once('data', () => child.kill('SIGINT'));
  const { code, out, err } = await ended(child);
  t.is(code, 0, err);
  t.is(out.trim().split('\n').length, 33);
  t.deepEqual(readdirSync(temporary), []);
});

test('what is neither a checkpoint nor a bundle', async (t) => {
  const { code, err } = await snug(t, ['embed', await temporaryFolder(t)], 'a\n');
  t.is(code, 1);
  t.regex(err, /config\.json/);
});
