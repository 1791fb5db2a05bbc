import test from 'ava';
import type { BenchResult } from '../../src/bench/benchmark.js';
import { instructionsIn } from '../../src/bench/machine.js';
import { plotOf } from '../../src/bench/plot.js';
import { tableOf } from '../../src/bench/report.js';
import { rowOf, unmeasured } from '../../src/bench/row.js';

const shape = { what: 'time', unit: 'ms', against: 'the other', bar: '<=0.5' } as const;
const result: BenchResult = {
  name: 'sample',
  machine: {
    cpu: 'Processor <X>',
    cores: 2,
    instructions: ['avx2'],
    ramBytes: 1,
    kernel: 'Linux 6',
    node: 'v20',
    onnxruntime: '1',
    snug: '0',
    load1: 0,
  },
  rows: [
    rowOf({ ...shape, id: 'good' }, [{ value: 4, reference: 10 }]),
    rowOf({ ...shape, id: 'bad' }, [{ value: 8, reference: 10 }], 'it was slow'),
    unmeasured({ ...shape, id: 'absent' }, 'the peer is not installed'),
    rowOf({ id: 'rate', what: 'records', unit: 'records/s' }, [{ value: 1234.5 }]),
  ],
};

const lineOf = (text: string, id: string): string => text.split('\n').find((line) => line.startsWith(`${id} `)) ?? '';

test('the table has a line a row, with its verdict', (t) => {
  const table = tableOf(result);
  t.regex(lineOf(table, 'good'), /4\.00 ms\s+10\.0 the other\s+0\.400\s+<=0\.5\s+met/);
  t.regex(lineOf(table, 'bad'), /0\.800\s+<=0\.5\s+MISSED/);
  t.regex(lineOf(table, 'absent'), /not measured\s+the other\s+<=0\.5\s+MISSED/);
  t.regex(lineOf(table, 'rate'), /1235 records\/s$/);
  t.true(table.includes('absent: time; the peer is not installed'));
  t.true(table.includes('it was slow; 1 rounds, ratio 0.800 to 0.800'));
});

test('the plot names every row, draws only what was measured, and is well-formed text', (t) => {
  const plot = plotOf(result);
  for (const { id } of result.rows) t.true(plot.includes(`>${id}</text>`), id);
  t.is(plot.match(/<rect x=/g)?.length, 3);
  t.true(plot.includes('not measured'));
  t.true(plot.includes('Processor &lt;X&gt;'));
  t.false(plot.includes('NaN'));
});

test('instruction sets are read off /proc/cpuinfo of either kind of processor', (t) => {
  t.deepEqual(instructionsIn('model name : x\nflags\t\t: fpu avx2 avx512_vnni amx_int8\n'), [
    'avx2',
    'avx512_vnni',
    'amx_int8',
  ]);
  t.deepEqual(instructionsIn('Features\t: fp asimd asimddp\n'), ['asimd', 'asimddp']);
  t.deepEqual(instructionsIn(''), []);
});
