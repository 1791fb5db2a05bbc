/** What the figures were measured on. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Those instruction sets, out of the ones that decide which kernels run, that the processor has. */
  readonly instructions: readonly string[];
  readonly ramBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly snug: string;
  /** Load average over one minute when the benchmark began: other work on the machine is noise. */
  readonly load1: number;
}

const decisiveFlags = [
  'avx2',
  'avx512f',
  'avx_vnni',
  'avx512_vnni',
  'avx512_bf16',
  'amx_int8',
  'amx_bf16',
  'asimd',
  'asimddp',
  'i8mm',
  'sve',
];

/** The flags of /proc/cpuinfo (`flags` on x86, `Features` on Arm) that decide which kernels run. */
export function instructionsIn(cpuinfo: string): string[] {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  const has = new Set(line.split(/\s+/));
  return decisiveFlags.filter((flag) => has.has(flag));
}

export function describeMachine(packageRoot: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    instructions: instructionsIn(readOr('/proc/cpuinfo', '')),
    ramBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    node: process.version,
    onnxruntime: versionOf(createRequire(`${packageRoot}/package.json`).resolve('onnxruntime-node/package.json')),
    snug: versionOf(`${packageRoot}/package.json`),
    load1: loadavg()[0],
  };
}

function versionOf(packageFile: string): string {
  const { version } = JSON.parse(readOr(packageFile, '{}')) as { version?: string };
  return version ?? 'unknown';
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
