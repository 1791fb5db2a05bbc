/** What the doctor says of machines that this one is not. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { boardCheck } from '../../src/doctor/board.js';
import { settled } from '../../src/doctor/check.js';
import { clockCheck } from '../../src/doctor/clock.js';
import { folderCheck } from '../../src/doctor/folders.js';
import {
  coresCheck,
  diskCheck,
  memoryCheck,
  pageSizeCheck,
  swapCheck,
  temperatureCheck,
} from '../../src/doctor/limits.js';
import { instructionCheck, libcCheck, nodeCheck, platformCheck } from '../../src/doctor/platform.js';
import { runtimeCheck } from '../../src/doctor/runtime.js';
import { serialCheck } from '../../src/doctor/serial.js';
import { known, type Limits, probeLimits, unknown } from '../../src/profile/index.js';
import { type Files, pi4, planted } from '../profile/support.js';

const limitsOf = (t: ExecutionContext, files: Files): Limits => probeLimits(planted(t, files));

test('Node: versions are compared by their numbers', (t) => {
  t.true(nodeCheck('20.19.0', '>=20.19').ok);
  t.true(nodeCheck('22.2.0', '>=20.19').ok);
  const old = nodeCheck('20.9.0', '>=20.19');
  t.false(old.ok);
  t.regex(old.remedy ?? '', /20\.19/);
});

test('musl and an old glibc are told as such, with what to use instead', (t) => {
  t.true(libcCheck('linux', '2.36').ok);
  t.true(libcCheck('darwin', null).ok);
  t.regex(libcCheck('linux', null).detail, /musl/);
  t.false(libcCheck('linux', '2.17').ok);
});

test('a system that onnxruntime has no library for is refused with those that it has', (t) => {
  t.true(platformCheck('linux', 'arm64').ok);
  const other = platformCheck('linux', 'riscv64');
  t.false(other.ok);
  t.regex(other.detail, /linux-arm64.*linux-x64/);
});

test('a processor without 8-bit products is no fault, but is told', (t) => {
  const checked = (instructions: string) => instructionCheck(known(instructions, 'a test'));
  for (const instructions of ['arm64', 'x64', 'x64 avx2', 'arm64 asimddp']) t.true(checked(instructions).ok);
  t.regex(checked('arm64').detail, /perhaps no time/);
  t.regex(checked('x64 avx2').detail, /7 bits/);
  t.regex(checked('arm64 asimddp').detail, /full speed/);
  t.regex(instructionCheck(unknown('no file')).detail, /^unknown: no file$/);
});

test('memory: a limit of control groups version 2 counts, also one of a group above', (t) => {
  const check = memoryCheck(
    limitsOf(t, {
      'proc/meminfo': 'MemTotal: 4000000 kB\nMemAvailable:    2000000 kB\n',
      'proc/self/cgroup': '0::/system.slice/snug.service\n',
      'sys/fs/cgroup/system.slice/snug.service/memory.max': 'max\n',
      'sys/fs/cgroup/system.slice/memory.max': '100000000\n',
    }),
  );
  t.false(check.ok);
  t.is(check.detail, '2048 MB available, control group limit 100 MB');
  t.regex(check.remedy ?? '', /raise the limit/);
});

test('memory: version 1 writes "no limit" as a huge number', (t) => {
  const check = memoryCheck(
    limitsOf(t, {
      'proc/meminfo': 'MemAvailable:    2000000 kB\n',
      'proc/self/cgroup': '4:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n',
      'sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes': '9223372036854771712\n',
    }),
  );
  t.true(check.ok);
  t.is(check.detail, '2048 MB available, control group limit none');
});

test('memory: what is unknown is said, and is no fault', (t) => {
  const check = memoryCheck(limitsOf(t, {}));
  t.true(check.ok);
  t.regex(check.detail, /^available memory unknown: .*, control group limit unknown: /);
});

test('cores: quotas of both versions', (t) => {
  const second = limitsOf(t, {
    'sys/devices/system/cpu/online': '0-3\n',
    'proc/self/cgroup': '0::/a/b\n',
    'sys/fs/cgroup/a/b/cpu.max': 'max 100000\n',
    'sys/fs/cgroup/a/cpu.max': '150000 100000\n',
  });
  t.is(coresCheck(second).detail, '4, quota of 1.50');
  const first = limitsOf(t, {
    'proc/self/status': 'Cpus_allowed_list:\t1\n',
    'sys/devices/system/cpu/online': '0-3\n',
    'proc/self/cgroup': '3:cpu,cpuacct:/x\n',
    'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': '50000\n',
    'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
  });
  t.is(coresCheck(first).detail, '1, quota of 0.50');
  t.regex(coresCheck(limitsOf(t, {})).detail, /^unknown: .*, quota unknown: /);
});

test('a Raspberry Pi 4 with a weak power supply', async (t) => {
  const limits = limitsOf(t, pi4);
  const hot = temperatureCheck(limits);
  t.false(hot.ok);
  t.is(hot.detail, '61.2 °C; now: under-voltage, throttled; since boot: under-voltage, throttled');
  t.regex(hot.remedy ?? '', /power supply/);
  t.is(swapCheck(limits).detail, '105 MB, zram 1074 MB; neither counts as memory');
  t.is(pageSizeCheck(limits).detail, '4 KiB');
  t.is(diskCheck({ ...limits, diskKind: known('sd', 'a test') }).detail, 'sd');
  t.is(
    (await boardCheck(limits)).detail,
    'Raspberry Pi 4 Model B Rev 1.4; Cortex-A72; board profile raspberry-pi-4-b-2gb',
  );
});

test('a board that is too hot is told to be cooled; one that tells nothing is well', (t) => {
  const limits = limitsOf(t, {});
  const hot = temperatureCheck({ ...limits, throttled: known({ now: ['frequency capped'], sinceBoot: [] }, 'a test') });
  t.regex(hot.remedy ?? '', /^Cool the board/);
  for (const check of [temperatureCheck(limits), swapCheck(limits), pageSizeCheck(limits), diskCheck(limits)])
    t.true(check.ok, check.detail);
  t.false(pageSizeCheck({ ...limits, pageSizeBytes: known(262_144, 'a test') }).ok);
});

test('a folder that is not there yet is looked at where it would be made, and nothing is left', async (t) => {
  const root = planted(t, {});
  const check = await folderCheck('cache folder', join(root, 'a', 'b'), 'Set SNUG_CACHE to');
  t.true(check.ok, check.detail);
  t.deepEqual(await readdir(root), []);
});

test('a file where the folder should be is told with the remedy', async (t) => {
  const root = planted(t, { cache: 'a file' });
  const check = await folderCheck('cache folder', join(root, 'cache'), 'Set SNUG_CACHE to');
  t.false(check.ok);
  t.regex(check.remedy ?? '', /^Set SNUG_CACHE to a folder/);
});

test('a clock that woke up in 1970 is not plausible', (t) => {
  t.false(clockCheck(0).ok);
  t.true(clockCheck(Date.UTC(2027, 5, 1)).ok);
});

test('onnxruntime and serialport load and work here', async (t) => {
  const runtime = await runtimeCheck('onnxruntime');
  t.true(runtime.ok, runtime.detail);
  t.regex((await serialCheck()).detail, /./);
});

test('a check that breaks is a finding, not an end', async (t) => {
  const check = await settled('something', () => {
    throw new Error('nobody foresaw this');
  });
  t.like(check, { name: 'something', ok: false, detail: 'nobody foresaw this' });
  t.truthy(check.remedy);
});
