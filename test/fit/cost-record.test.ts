/** What a board was found to cost, on disk: bound to board, bundle and runtime, and never believed blindly. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type CostRecord, emptyRecord, originOf, readRecord, writeRecord } from '../../src/fit/cost-record.js';
import { reference } from '../../src/fit/reference.js';
import { known, probeLimits } from '../../src/profile/index.js';
import { useOwnCache } from '../bundle/support.js';
import { limitsWith } from './support.js';

useOwnCache(test);

const origin = (name: string) => originOf(limitsWith({ boardModel: known('Board', '') }), `${name}-bundle`);
const { q32, q8, q4, bag } = reference.rates;
const recordOf = (name: string): CostRecord => ({
  ...emptyRecord(origin(name)),
  held: reference.held,
  threads: { 1: { rates: { q32, q8, q4, bag }, busyThreads: 1, samples: 9 } },
  measured: { 'w1.00-p0.00-q8@1': { latencyRatio: 1.1, times: 3 } },
});

/** Writes what is wanted where the record of a bundle stands. */
async function spoil(name: string, change: (text: string) => string): Promise<void> {
  await writeRecord(recordOf(name));
  const folder = join(process.env.SNUG_CACHE ?? '', 'costs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}-bundle.json`), change(JSON.stringify(recordOf(name))));
}

test('what was written is read again, and nothing is left beside it', async (t) => {
  t.deepEqual(await readRecord(origin('plain')), { record: undefined });
  await writeRecord(recordOf('plain'));
  t.deepEqual(await readRecord(origin('plain')), { record: recordOf('plain') });
  t.deepEqual(
    readdirSync(join(process.env.SNUG_CACHE ?? '', 'costs')).filter(
      (name) => name.startsWith('plain') && !name.endsWith('.json'),
    ),
    [],
  );
});

test('a record of another board, runtime or bundle is left out, and that is said', async (t) => {
  await writeRecord(recordOf('moved'));
  const now = origin('moved');
  const { record, problem } = await readRecord({ ...now, board: 'Another, ?, ?, ?' });
  t.is(record, undefined);
  t.regex(problem ?? '', /moved-bundle\.json is of another board: Board, \?, \?, \?, not Another/);
  t.regex((await readRecord({ ...now, runtime: 'onnxruntime 0' })).problem ?? '', /of another runtime: onnxruntime \d/);
  await spoil('other', (text) => text.replaceAll('other-bundle', 'elsewhere'));
  t.regex((await readRecord(origin('other'))).problem ?? '', /of another bundle: elsewhere/);
});

test('a damaged record is left out, and the place is said', async (t) => {
  const cases: [name: string, change: (text: string) => string, said: RegExp][] = [
    ['cut', (text) => text.slice(0, 100), /can't be read/],
    ['empty', () => '', /can't be read/],
    ['list', () => '[]', /the file|v/],
    ['minus', (text) => text.replace('"cacheBytes":16000000', '"cacheBytes":-1'), /threads\.1\.rates\.q32\.cacheBytes/],
    ['few', (text) => text.replace('[0.06,', '['), /threads\.1\.rates\.q32\.perUnit/],
    ['zero', (text) => text.replace('"latencyRatio":1.1', '"latencyRatio":0'), /latencyRatio/],
    ['newer', (text) => text.replace('"v":1', '"v":99'), /: v: /],
  ];
  for (const [name, change, said] of cases) {
    await spoil(name, change);
    const { record, problem } = await readRecord(origin(name));
    t.is(record, undefined, name);
    t.regex(problem ?? '', said, name);
  }
});

test('the origin names the processor and the runtime', (t) => {
  const { board, runtime } = originOf(probeLimits('/'), 'b');
  t.true(board.length > 10);
  t.regex(runtime, /^onnxruntime \d+\.\d+\.\d+, node \d+\./);
});
