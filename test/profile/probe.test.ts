/** What the probe says of machines that this one is not. */
import test, { type ExecutionContext } from 'ava';
import { type Limits, probeLimits, type Reading } from '../../src/profile/index.js';
import { container, type Files, pi4, planted } from './support.js';

const MiB = 1024 ** 2;

function probe(t: ExecutionContext, files: Files, links: Readonly<Record<string, string>> = {}): Limits {
  return probeLimits(planted(t, files, links), '/home/pi/.cache/snug');
}

test('a Raspberry Pi 4: every value, with the file that it came from', (t) => {
  const limits = probe(t, pi4);
  const values = Object.fromEntries(Object.entries(limits).map(([name, { value }]) => [name, value]));
  t.deepEqual(values, {
    ramTotalBytes: 1893000 * 1024,
    ramAvailableBytes: 1500000 * 1024,
    swapTotalBytes: 102396 * 1024,
    zramBytes: 1024 * MiB,
    memoryLimitBytes: 300 * MiB,
    memoryHighBytes: 250 * MiB,
    memoryLimitUsageBytes: 80_000_000,
    cores: 3,
    quotaCores: 0.5,
    processorModel: 'Cortex-A72',
    instructions: 'arm64',
    cpuGovernor: 'ondemand',
    cpuMinMHz: 600,
    cpuMaxMHz: 1500,
    temperatureC: 61.234,
    thermalZones: [{ type: 'cpu-thermal', temperatureC: 61.234, file: '/sys/class/thermal/thermal_zone0/temp' }],
    throttleAtC: null,
    throttled: { now: ['under-voltage', 'throttled'], sinceBoot: ['under-voltage', 'throttled'] },
    jetsonPowerMode: null,
    diskFreeBytes: null,
    diskKind: 'sd',
    pageSizeBytes: 4096,
    boardModel: 'Raspberry Pi 4 Model B Rev 1.4',
  });
  t.is(limits.ramTotalBytes.source, '/proc/meminfo MemTotal');
  t.is(limits.memoryLimitBytes.source, '/sys/fs/cgroup/snug.slice/memory.max');
  t.is(limits.quotaCores.source, '/sys/fs/cgroup/snug.slice/snug.service/cpu.max');
  t.is(limits.temperatureC.source, '/sys/class/thermal/thermal_zone0/temp (cpu-thermal)');
  t.regex(limits.diskFreeBytes.source, /^unknown: a captured tree/);
});

test('every value says where it came from, and one that is null why', (t) => {
  for (const files of [pi4, container, {}])
    for (const [name, { value, source, none }] of Object.entries(probe(t, files)) as [string, Reading<unknown>][]) {
      t.regex(source, value !== null ? /^\/|^the name / : none ? /^none: ./ : /^unknown: ./, `${name}: ${source}`);
      if (none) t.is(value, null, name);
    }
});

test('of a captured tree that holds nothing, nothing is known: not by this machine either', (t) => {
  for (const [name, { value }] of Object.entries(probe(t, {}))) t.is(value, null, name);
});

test('a tree that is not there is an empty one', (t) => {
  const limits = probeLimits('/nonexistent/tree');
  for (const { value } of Object.values(limits)) t.is(value, null);
});

test('links that lead out of a captured tree are not followed', (t) => {
  const limits = probe(t, {}, { 'proc/meminfo': '/proc/meminfo', 'sys/devices/system/cpu': '/sys/devices/system/cpu' });
  t.is(limits.ramTotalBytes.value, null);
  t.regex(limits.ramTotalBytes.source, /out of the captured tree/);
  t.is(limits.cores.value, null);
});

test('this machine: the limits are those that its own tools tell', (t) => {
  const limits = probeLimits('/');
  t.true((limits.ramTotalBytes.value ?? 0) > 100 * MiB);
  t.true((limits.cores.value ?? 0) >= 1);
  t.regex(limits.instructions.value ?? '', new RegExp(`^${process.arch}`));
  t.true((limits.diskFreeBytes.value ?? 0) > 0);
});

test('a container with groups of version 1: what it sees is its own group, without its path', (t) => {
  const limits = probe(t, container);
  t.is(limits.memoryLimitBytes.value, 512 * MiB);
  t.is(limits.memoryLimitUsageBytes.value, 120_000_000);
  t.is(limits.quotaCores.value, 1.5);
  t.true(limits.memoryHighBytes.none);
  t.is(limits.diskKind.value, null);
  t.regex(limits.diskKind.source, /overlay/);
});

test('version 1: a smaller limit above what is seen shows in memory.stat', (t) => {
  const limits = probe(t, {
    ...container,
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/memory/memory.stat': 'hierarchical_memory_limit 268435456\n',
  });
  t.is(limits.memoryLimitBytes.value, 256 * MiB);
  t.regex(limits.memoryLimitBytes.source, /memory\.stat hierarchical_memory_limit/);
  t.regex(limits.memoryLimitUsageBytes.source, /not seen here/);
});

test('both versions at once: each controller is looked for where it is', (t) => {
  const limits = probe(t, {
    'proc/self/cgroup': '5:memory:/jobs/1\n1:cpu:/jobs/1\n0::/user.slice\n',
    'proc/self/mountinfo': [
      '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
      '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n'),
    'sys/fs/cgroup/memory/jobs/1/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': '134217728\n',
    'sys/fs/cgroup/memory/jobs/memory.usage_in_bytes': '1000\n',
    'sys/fs/cgroup/memory/jobs/memory.stat': 'total_inactive_file 10\ntotal_active_file 90\n',
    'sys/fs/cgroup/memory/jobs/1/memory.stat': 'hierarchical_memory_limit 134217728\n',
    'sys/fs/cgroup/cpu/jobs/1/cpu.cfs_quota_us': '-1\n',
    'sys/fs/cgroup/cpu/jobs/cpu.cfs_quota_us': '20000\n',
    'sys/fs/cgroup/cpu/jobs/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/unified/user.slice/cgroup.procs': '1\n',
  });
  t.is(limits.memoryLimitBytes.value, 128 * MiB);
  t.is(limits.memoryLimitBytes.source, '/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes');
  t.is(limits.memoryLimitUsageBytes.value, 900);
  t.is(limits.quotaCores.value, 0.2);
});

test('without a list of mounts, groups are looked for in the usual places', (t) => {
  const limits = probe(t, {
    'proc/self/cgroup': '3:cpu,cpuacct:/x\n',
    'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': '50000\n',
    'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
  });
  t.is(limits.quotaCores.value, 0.5);
  t.regex(limits.memoryLimitBytes.source, /names no group for memory/);
});

test('two kinds of cores: both are named, the faster ones give the clock', (t) => {
  const limits = probe(t, {
    'proc/cpuinfo': ['0xd05', '0xd0b', '0x999']
      .map((part) => `Features\t: asimd asimddp i8mm\nCPU implementer\t: 0x41\nCPU part\t: ${part}\n`)
      .join('\n'),
    'sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq': '1800000\n',
    'sys/devices/system/cpu/cpufreq/policy4/scaling_max_freq': '2208000\n',
    'sys/devices/system/cpu/cpufreq/policy0/scaling_governor': 'schedutil\n',
    'sys/devices/system/cpu/cpufreq/policy4/scaling_governor': 'performance\n',
  });
  t.is(limits.processorModel.value, 'Cortex-A55 + Cortex-A76 + Arm 0x999');
  t.is(limits.instructions.value, 'arm64 asimddp i8mm');
  t.is(limits.cpuMaxMHz.value, 2208);
  t.is(limits.cpuGovernor.value, 'schedutil + performance');
});

test('a set of cores without the first one', (t) => {
  const limits = probe(t, {
    'sys/devices/system/cpu/online': '1-3,6\n',
    'proc/self/status': 'Cpus_allowed_list:\t2-7\n',
    'sys/devices/system/cpu/cpu2/cpufreq/cpuinfo_max_freq': '1200000\n',
  });
  t.is(limits.cores.value, 3);
  t.is(limits.cpuMaxMHz.value, 1200);
});

test('a PC: the names of its firmware, unless nobody filled them in', (t) => {
  const dmi = 'sys/class/dmi/id';
  const names = (vendor: string, product: string) =>
    probe(t, { [`${dmi}/sys_vendor`]: vendor, [`${dmi}/product_name`]: product }).boardModel.value;
  t.is(names('GMKtec\n', 'NucBox G3\n'), 'GMKtec NucBox G3');
  t.is(names('Default string\n', 'N100-Box\n'), 'N100-Box');
  t.is(names('To Be Filled By O.E.M.\n', 'To Be Filled By O.E.M.\n'), null);
});

test('a PC of 64 bits has pages of 4 KiB, and a program of 32 bits a vector of 32-bit words', (t) => {
  const x64 = probe(t, { 'proc/cpuinfo': 'model name\t: Intel(R) N100\nflags\t\t: fpu lm avx2 avx_vnni\n' });
  t.is(x64.instructions.value, 'x64 avx2 avx_vnni');
  t.is(x64.processorModel.value, 'Intel(R) N100');
  t.is(x64.pageSizeBytes.value, 4096);
  const words = new Uint32Array([16, 0xf, 6, 16384, 0, 0]);
  t.is(probe(t, { 'proc/self/auxv': Buffer.from(words.buffer) }).pageSizeBytes.value, 16384);
});

test('the hottest zone counts, and the kernel’s cooling devices tell where firmware does not', (t) => {
  const thermal = 'sys/class/thermal';
  const limits = probe(t, {
    [`${thermal}/thermal_zone0/temp`]: '45000\n',
    [`${thermal}/thermal_zone1/temp`]: '81500\n',
    [`${thermal}/thermal_zone1/type`]: 'soc-thermal\n',
    [`${thermal}/thermal_zone1/trip_point_0_type`]: 'passive\n',
    [`${thermal}/thermal_zone1/trip_point_0_temp`]: '75000\n',
    [`${thermal}/thermal_zone2/temp`]: '-273000\n',
    [`${thermal}/cooling_device0/type`]: 'pwm-fan\n',
    [`${thermal}/cooling_device0/cur_state`]: '3\n',
    [`${thermal}/cooling_device1/type`]: 'thermal-cpufreq-0\n',
    [`${thermal}/cooling_device1/cur_state`]: '2\n',
  });
  t.is(limits.temperatureC.value, 81.5);
  t.is(limits.throttleAtC.value, 75);
  t.deepEqual(limits.throttled.value, { now: ['frequency capped'], sinceBoot: [] });
});

test('Raspberry Pi 5 has its flags elsewhere; a Jetson tells its power mode', (t) => {
  const pi5 = probe(t, {
    'sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled': '0\n',
  });
  t.deepEqual(pi5.throttled.value, { now: [], sinceBoot: [] });
  const jetson = {
    'var/lib/nvpmodel/status': 'pmode:0002\n',
    'etc/nvpmodel.conf': '# < POWER_MODEL ID=2 NAME=OLD >\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >\nCPU_ONLINE CORE_0 1\n',
  };
  t.is(probe(t, jetson).jetsonPowerMode.value, '2 MAXN_SUPER');
});

test('kinds of disks', (t) => {
  const on = (source: string, block: Files, links = {}) =>
    probe(t, { 'proc/self/mountinfo': `1 0 8:1 / / rw - ext4 ${source} rw\n`, ...block }, links).diskKind.value;
  t.is(on('/dev/mmcblk1p1', { 'sys/block/mmcblk1/device/type': 'MMC\n' }), 'emmc');
  t.is(on('/dev/nvme0n1p2', { 'sys/block/nvme0n1/queue/rotational': '0\n' }), 'nvme');
  t.is(on('/dev/sda1', { 'sys/block/sda/queue/rotational': '0\n' }), 'ssd');
  t.is(on('/dev/sda1', { 'sys/block/sda/queue/rotational': '1\n' }), 'hdd');
  t.is(on('/dev/vda1', { 'sys/block/vda/queue/rotational': '1\n' }), null);
  const stick = 'sys/devices/pci0/usb1/1-1/block/sda/queue/rotational';
  t.is(on('/dev/sda1', { [stick]: '1\n' }, { 'sys/block/sda': '../devices/pci0/usb1/1-1/block/sda' }), 'usb');
  const mapped = { 'sys/block/dm-0/slaves/nvme0n1p3/size': '1\n', 'sys/block/nvme0n1/nvme0n1p3/size': '1\n' };
  t.is(on('/dev/mapper/root', mapped, { 'sys/dev/block/8:1': '../../block/dm-0' }), 'nvme');
  const tmp = '1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /home/pi/.cache rw - tmpfs tmpfs rw\n';
  t.is(probe(t, { 'proc/self/mountinfo': tmp }).diskKind.value, 'ram');
});
