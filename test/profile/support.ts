/** Trees that stand for other machines. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

export type Files = Readonly<Record<string, string | Buffer>>;

/** A folder with these files, as the root of a captured tree. Gone after the test. */
export function planted(t: ExecutionContext, files: Files, links: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'snug-test-tree-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  write(root, files);
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  return root;
}

/** Writes files of a tree anew. */
export function write(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A Raspberry Pi 4 with 2 GB and control groups of version 2. The service has 400 MB, its slice 300; half a core. */
export const pi4: Files = {
  'proc/meminfo':
    'MemTotal:        1893000 kB\nMemFree:          900000 kB\nMemAvailable:    1500000 kB\nSwapTotal:        102396 kB\nSwapFree:         100000 kB\n',
  'proc/self/cgroup': '0::/snug.slice/snug.service\n',
  'proc/self/status': 'Name:\tnode\nCpus_allowed:\tf\nCpus_allowed_list:\t1-3\n',
  'proc/self/mountinfo': [
    '21 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw',
    '22 21 0:5 / /dev rw - devtmpfs udev rw',
    '30 21 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate',
    '31 21 0:40 / /tmp rw - tmpfs tmpfs rw',
    '',
  ].join('\n'),
  'proc/self/auxv': auxiliary([
    [33, 0xffff8000],
    [6, 4096],
    [0, 0],
  ]),
  'proc/cpuinfo': [
    ...[0, 1, 2, 3].map(
      (core) =>
        `processor\t: ${core}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd08\n`,
    ),
    'Revision\t: b03114\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n',
  ].join('\n'),
  'proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0',
  'sys/devices/system/cpu/online': '0-3\n',
  'sys/devices/system/cpu/cpufreq/policy0/scaling_governor': 'ondemand\n',
  'sys/devices/system/cpu/cpufreq/policy0/scaling_min_freq': '600000\n',
  'sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq': '1500000\n',
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '61234\n',
  'sys/class/thermal/thermal_zone0/trip_point_0_type': 'critical\n',
  'sys/class/thermal/thermal_zone0/trip_point_0_temp': '110000\n',
  'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n',
  'sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
  'sys/fs/cgroup/snug.slice/memory.max': '314572800\n',
  'sys/fs/cgroup/snug.slice/memory.high': 'max\n',
  'sys/fs/cgroup/snug.slice/memory.current': '120000000\n',
  'sys/fs/cgroup/snug.slice/memory.stat': 'anon 60000000\ninactive_file 30000000\nactive_file 10000000\n',
  'sys/fs/cgroup/snug.slice/memory.events': 'low 0\nhigh 3\nmax 7\noom 1\noom_kill 1\noom_group_kill 0\n',
  'sys/fs/cgroup/snug.slice/cpu.max': 'max 100000\n',
  'sys/fs/cgroup/snug.slice/snug.service/memory.max': '419430400\n',
  'sys/fs/cgroup/snug.slice/snug.service/memory.high': '262144000\n',
  'sys/fs/cgroup/snug.slice/snug.service/cpu.max': '50000 100000\n',
  'sys/fs/cgroup/snug.slice/snug.service/cpu.stat':
    'usage_usec 1000\nnr_periods 100\nnr_throttled 20\nthrottled_usec 900000\n',
  'sys/fs/cgroup/snug.slice/snug.service/cpu.pressure':
    'some avg10=12.50 avg60=3.00 avg300=1.00 total=5000\nfull avg10=12.50 avg60=3.00 avg300=1.00 total=5000\n',
  'proc/pressure/memory':
    'some avg10=1.00 avg60=0.50 avg300=0.10 total=777\nfull avg10=0.50 avg60=0.20 avg300=0.05 total=333\n',
  'sys/block/mmcblk0/device/type': 'SD\n',
  'sys/block/mmcblk0/mmcblk0p2/partition': '2\n',
  'sys/block/mmcblk0/queue/rotational': '0\n',
  'sys/block/zram0/disksize': '1073741824\n',
};

/** Control groups of version 1, as a container sees them: the limit of its pod only shows in memory.stat. */
export const container: Files = {
  'proc/meminfo': 'MemTotal:        8000000 kB\nMemAvailable:    6000000 kB\nSwapTotal:             0 kB\n',
  'proc/self/cgroup': '12:memory:/docker/abc\n11:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n',
  'proc/self/mountinfo': [
    '500 400 0:50 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/b',
    '510 500 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory',
    '511 500 0:31 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct',
    '',
  ].join('\n'),
  'sys/fs/cgroup/memory/memory.limit_in_bytes': '536870912\n',
  'sys/fs/cgroup/memory/memory.usage_in_bytes': '200000000\n',
  'sys/fs/cgroup/memory/memory.failcnt': '42\n',
  'sys/fs/cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
  'sys/fs/cgroup/memory/memory.stat':
    'cache 90000000\nhierarchical_memory_limit 536870912\ntotal_inactive_file 50000000\ntotal_active_file 30000000\n',
  'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '150000\n',
  'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
  'sys/fs/cgroup/cpu,cpuacct/cpu.stat': 'nr_periods 10\nnr_throttled 4\nthrottled_time 2000000\n',
};

/** Pairs of key and value as the kernel hands them to a program of 64 bits. */
export function auxiliary(pairs: readonly (readonly [key: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(pairs.length * 16);
  for (const [at, [key, value]] of pairs.entries()) {
    bytes.writeBigUInt64LE(BigInt(key), at * 16);
    bytes.writeBigUInt64LE(BigInt(value), at * 16 + 8);
  }
  return bytes;
}
