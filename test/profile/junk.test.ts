/** Files that hold what no kernel writes: said to be unknown with what stands there, never a crash, never a guess. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Limits, probeLimits, readPressure } from '../../src/profile/index.js';
import { type Files, pi4, planted } from './support.js';

const MEMORY_MAX = 'sys/fs/cgroup/board/memory.max';
const CPU_MAX = 'sys/fs/cgroup/board/cpu.max';
const GROUP = 'proc/self/cgroup';

const board: Files = {
  ...pi4,
  [GROUP]: '0::/board\n',
  [MEMORY_MAX]: '268435456\n',
  [CPU_MAX]: '50000 100000\n',
};

function probe(t: ExecutionContext, files: Files): Limits {
  return probeLimits(planted(t, { ...board, ...files }));
}

test('memory limits: 0 is one, max is none, all else is unknown', (t) => {
  const limit = (text: string) => probe(t, { [MEMORY_MAX]: text }).memoryLimitBytes;
  t.is(limit('268435456\n').value, 268435456);
  t.is(limit('0\n').value, 0);
  t.true(limit('max\n').none);
  for (const text of ['', 'garbage', '99999999999999999999', '-5', '1e9', '0x10', '1 2', 'max max']) {
    const { value, source, none } = limit(text);
    t.is(value, null, text);
    t.is(none, undefined, text);
    t.true(source.startsWith('unknown: /sys/fs/cgroup/board/memory.max '), source);
  }
});

test('a level that can’t be understood is told beside the limit of another', (t) => {
  const { value, source } = probe(t, {
    [GROUP]: '0::/board/inner\n',
    'sys/fs/cgroup/board/inner/memory.max': 'garbage\n',
  }).memoryLimitBytes;
  t.is(value, 268435456);
  t.is(source, '/sys/fs/cgroup/board/memory.max; /sys/fs/cgroup/board/inner/memory.max says "garbage"');
});

test('quotas: below a millisecond there is none that a kernel would take', (t) => {
  const quota = (text: string) => probe(t, { [CPU_MAX]: text }).quotaCores;
  t.is(quota('50000 100000\n').value, 0.5);
  t.is(quota('1000 1000000\n').value, 0.001);
  t.true(quota('max 100000\n').none);
  t.regex(quota('50 100000\n').source, /^unknown: .*less than the kernel's least of 1 ms/);
  for (const text of ['', '0 0', 'x', '50000', '-1 100000', '50000 0', '50000 99999999999999999999', 'NaN 100000'])
    t.regex(quota(text).source, /^unknown: \/sys\/fs\/cgroup\/board\/cpu\.max /, text);
});

test('control groups that can’t be found are not "no limit"', (t) => {
  for (const text of ['', 'garbage', '0::/../..\n', '0::\n', ':::::\n', '0::/elsewhere/../..\n']) {
    const { memoryLimitBytes, quotaCores } = probe(t, { [GROUP]: text });
    for (const { value, none, source } of [memoryLimitBytes, quotaCores]) {
      t.is(value, null, text);
      t.is(none, undefined, `${text}: ${source}`);
    }
  }
});

test('lists of cores', (t) => {
  const cores = (online: string, allowed = '0-7') =>
    probe(t, { 'sys/devices/system/cpu/online': online, 'proc/self/status': `Cpus_allowed_list:\t${allowed}\n` }).cores;
  t.is(cores('1-3\n').value, 3);
  t.is(cores('0,2-3\n').value, 3);
  // What the process may use is known even where the list of cores is not.
  for (const online of ['', '3-1\n', 'a-b', '0-99999999999', '0--1', ',', '-1']) {
    t.is(cores(online).value, 8, online);
    t.regex(cores(online).source, /online/);
    t.is(cores(online, online).value, null, online);
  }
  t.regex(cores('0-1', '6-7').source, /no core/);
});

test('meminfo', (t) => {
  const total = (text: string) => probe(t, { 'proc/meminfo': text }).ramTotalBytes;
  for (const text of [
    '',
    'MemTotal: lots kB\n',
    'MemTotal: -5 kB\n',
    'MemTotal: 0 kB\n',
    'MemTotal: 1.5 kB\n',
    'MemTotal: 99999999999999999999 kB\n',
    'MemTotal: 9007199254740991 kB\n',
    'MemTotal: 1024 MB\n',
  ]) {
    t.is(total(text).value, null, text);
    t.regex(total(text).source, /^unknown: \/proc\/meminfo/, text);
  }
});

test('temperatures', (t) => {
  const degrees = (text: string) => probe(t, { 'sys/class/thermal/thermal_zone0/temp': text }).temperatureC;
  t.is(degrees('85000').value, 85);
  t.is(degrees('-10500\n').value, -10.5);
  for (const text of ['', 'NaN', '-273000', '9'.repeat(30), '1e4', '--5', '250000'])
    t.regex(degrees(text).source, /^unknown: \/sys\/class\/thermal\/thermal_zone0\/temp/, text);
});

test('throttling flags', (t) => {
  const flags = (text: string) =>
    probe(t, { 'sys/devices/platform/soc/soc:firmware/get_throttled': text }).throttled.value;
  t.deepEqual(flags('0x80008'), { now: ['soft temperature limit'], sinceBoot: ['soft temperature limit'] });
  t.deepEqual(flags('ffffffff')?.now.length, 4);
  for (const text of ['', 'throttled=0x0', '-1', '123456789', 'zz']) t.is(flags(text), null, text);
});

const JUNK = [
  '',
  '\0',
  '\n',
  'garbage',
  '-1',
  '0',
  'NaN',
  '9'.repeat(100),
  'max',
  '0 0',
  '1-',
  '\ufffd'.repeat(50),
  ':'.repeat(9),
];

for (const path of Object.keys(board))
  test(`${path}: whatever stands in it, nothing is thrown, and no number is none`, (t) => {
    for (const junk of [...JUNK, Buffer.from([0xff, 0xfe, 0x00, 0x80]), 'x'.repeat(3 * 1024 * 1024)]) {
      const root = planted(t, { ...board, [path]: junk });
      for (const [name, { value, source }] of Object.entries(probeLimits(root))) {
        t.false(typeof value === 'number' && !(value >= (name === 'temperatureC' ? -50 : 0)), `${name} ${value}`);
        t.true(source.length < 1000, `${name}: ${source.slice(0, 200)}`);
      }
      t.notThrows(() => JSON.stringify(readPressure(root)));
    }
    const { [path]: _, ...rest } = board;
    t.notThrows(() => probeLimits(planted(t, rest)));
    const folder = planted(t, rest);
    mkdirSync(join(folder, path), { recursive: true });
    t.notThrows(() => probeLimits(folder));
  });
