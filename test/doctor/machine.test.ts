/** What the doctor says of machines that this one is not. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { settled } from '../../src/doctor/check.js';
import { clockCheck } from '../../src/doctor/clock.js';
import { folderCheck } from '../../src/doctor/folders.js';
import { coresCheck, memoryCheck } from '../../src/doctor/limits.js';
import { instructionCheck, libcCheck, nodeCheck, platformCheck } from '../../src/doctor/platform.js';
import { runtimeCheck } from '../../src/doctor/runtime.js';
import { serialCheck } from '../../src/doctor/serial.js';

/** A folder that stands for the root of another machine. */
async function machine(t: ExecutionContext, files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'snug-test-doctor-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

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
  for (const instructions of ['arm64', 'x64', 'x64 avx2', 'arm64 asimddp']) t.true(instructionCheck(instructions).ok);
  t.regex(instructionCheck('arm64').detail, /perhaps no time/);
  t.regex(instructionCheck('x64 avx2').detail, /7 bits/);
  t.regex(instructionCheck('arm64 asimddp').detail, /full speed/);
});

test('memory: a limit of control groups version 2 counts, also one of a group above', async (t) => {
  const root = await machine(t, {
    'proc/meminfo': 'MemTotal: 4000000 kB\nMemAvailable:    2000000 kB\n',
    'proc/self/cgroup': '0::/system.slice/snug.service\n',
    'sys/fs/cgroup/system.slice/snug.service/memory.max': 'max\n',
    'sys/fs/cgroup/system.slice/memory.max': '100000000\n',
  });
  const check = memoryCheck(root);
  t.false(check.ok);
  t.is(check.detail, '2048 MB available, control group limit 100 MB');
  t.regex(check.remedy ?? '', /raise the limit/);
});

test('memory: version 1 writes "no limit" as a huge number', async (t) => {
  const root = await machine(t, {
    'proc/meminfo': 'MemAvailable:    2000000 kB\n',
    'proc/self/cgroup': '4:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n',
    'sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes': '9223372036854771712\n',
  });
  const check = memoryCheck(root);
  t.true(check.ok);
  t.is(check.detail, '2048 MB available, no control group limit');
});

test('cores: quotas of both versions', async (t) => {
  const second = await machine(t, {
    'proc/self/cgroup': '0::/a/b\n',
    'sys/fs/cgroup/a/b/cpu.max': 'max 100000\n',
    'sys/fs/cgroup/a/cpu.max': '150000 100000\n',
  });
  t.is(coresCheck(second, 4).detail, '4, quota of 1.50');
  const first = await machine(t, {
    'proc/self/cgroup': '3:cpu,cpuacct:/x\n',
    'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': '50000\n',
    'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
  });
  t.is(coresCheck(first, 4).detail, '4, quota of 0.50');
  t.is(coresCheck(await machine(t, {}), 4).detail, '4, no quota');
});

test('a folder that is not there yet is looked at where it would be made, and nothing is left', async (t) => {
  const root = await machine(t, {});
  const check = await folderCheck('cache folder', join(root, 'a', 'b'), 'Set SNUG_CACHE to');
  t.true(check.ok, check.detail);
  t.deepEqual(await readdir(root), []);
});

test('a file where the folder should be is told with the remedy', async (t) => {
  const root = await machine(t, { cache: 'a file' });
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
