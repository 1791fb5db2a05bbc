/** What a governor looks at every second. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { pressureReader, readPressure } from '../../src/profile/index.js';
import { parseStall } from '../../src/profile/pressure.js';
import { container, pi4, planted, write } from './support.js';

test('version 2: stalls of machine and group, events of the group that limits, throttling of the own one', (t) => {
  const pressure = readPressure(planted(t, pi4));
  t.deepEqual(pressure.stalls.memory, {
    some: { avg10Share: 0.01, avg60Share: 0.005, avg300Share: 0.001, totalUs: 777 },
    full: { avg10Share: 0.005, avg60Share: 0.002, avg300Share: 0.0005, totalUs: 333 },
  });
  t.is(pressure.stalls.cpu, null);
  t.is(pressure.groupStalls.cpu?.some?.avg10Share, 0.125);
  t.is(pressure.groupStalls.memory, null);
  t.deepEqual(pressure.memoryEvents, { group: '/sys/fs/cgroup/snug.slice', high: 3, max: 7, oom: 1, oomKill: 1 });
  t.deepEqual(pressure.cpuThrottling, {
    group: '/sys/fs/cgroup/snug.slice/snug.service',
    periods: 100,
    throttledPeriods: 20,
    throttledUs: 900_000,
  });
  t.is(pressure.swapFreeBytes, 100000 * 1024);
});

test('version 1: failures and kills, throttled time in microseconds', (t) => {
  const { memoryEvents, cpuThrottling, groupStalls } = readPressure(planted(t, container));
  t.deepEqual(memoryEvents, { group: '/sys/fs/cgroup/memory', high: null, max: 42, oom: null, oomKill: 2 });
  t.is(cpuThrottling?.throttledUs, 2000);
  t.deepEqual(groupStalls, { cpu: null, memory: null, io: null });
});

test('limits are read anew every time', (t) => {
  const root = planted(t, pi4);
  const read = pressureReader(root);
  const before = read().limits;
  t.is(before.memoryLimitBytes.value, 314_572_800);
  t.is(before.temperatureC.value, 61.234);
  write(root, {
    'sys/fs/cgroup/snug.slice/snug.service/memory.max': '100000000\n',
    'sys/fs/cgroup/snug.slice/snug.service/cpu.max': '5000 100000\n',
    'sys/class/thermal/thermal_zone0/temp': '95000\n',
    'proc/self/status': 'Cpus_allowed_list:\t3\n',
    'sys/devices/platform/soc/soc:firmware/get_throttled': '8\n',
  });
  const { limits, memoryEvents } = read();
  t.is(limits.memoryLimitBytes.value, 100_000_000);
  t.is(limits.quotaCores.value, 0.05);
  t.is(limits.temperatureC.value, 95);
  t.is(limits.cores.value, 1);
  t.deepEqual(limits.throttled.value?.now, ['soft temperature limit']);
  t.is(memoryEvents?.group, '/sys/fs/cgroup/snug.slice/snug.service', 'the counters are of another group now');
});

test('a process that is moved to another group is followed', (t) => {
  const root = planted(t, pi4);
  const read = pressureReader(root);
  read();
  write(root, { 'proc/self/cgroup': '0::/other\n', 'sys/fs/cgroup/other/memory.max': '50000000\n' });
  t.is(read().limits.memoryLimitBytes.value, 50_000_000);
});

test('files that go away while a process runs are unknown from then on', (t) => {
  const root = planted(t, pi4);
  const read = pressureReader(root);
  read();
  rmSync(join(root, 'sys'), { recursive: true });
  rmSync(join(root, 'proc'), { recursive: true });
  const { limits, stalls, memoryEvents, swapFreeBytes } = read();
  t.deepEqual([stalls.memory, memoryEvents, swapFreeBytes], [null, null, null]);
  for (const { value, none } of Object.values(limits)) t.deepEqual([value, none], [null, undefined]);
});

test('this machine can be read', (t) => {
  t.true((readPressure('/').limits.cores.value ?? 0) >= 1);
});

test('a pressure file that is none', (t) => {
  for (const text of [
    '',
    'some',
    'some avg10=x avg60=0 avg300=0 total=0',
    'some avg10=-1.00 avg60=0.00 avg300=0.00 total=0',
  ])
    t.is(parseStall(text), null, text);
  t.deepEqual(parseStall('some avg10=100.00 avg60=0.00 avg300=0.00 total=5\n'), {
    some: { avg10Share: 1, avg60Share: 0, avg300Share: 0, totalUs: 5 },
    full: null,
  });
});
