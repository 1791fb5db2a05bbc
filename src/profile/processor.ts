/** What decides how fast, and how exactly, a processor multiplies 8-bit numbers. */
import { known, type Reading, shortened, unknown } from './reading.js';
import { Tree } from './tree.js';

/** Flags of /proc/cpuinfo that choose onnxruntime's kernels, x64 and arm64. */
export const DECISIVE: readonly string[] = [
  'avx2',
  'avx_vnni',
  'avx512f',
  'avx512_vnni',
  'amx_int8',
  'asimddp',
  'i8mm',
  'sve',
  'bf16',
];

const CPUINFO = 'proc/cpuinfo';

/** Arm's cores by the part number that /proc/cpuinfo shows (arch/arm64/include/asm/cputype.h). */
const ARM_CORES: Readonly<Record<string, string>> = {
  '0xd03': 'Cortex-A53',
  '0xd04': 'Cortex-A35',
  '0xd05': 'Cortex-A55',
  '0xd07': 'Cortex-A57',
  '0xd08': 'Cortex-A72',
  '0xd09': 'Cortex-A73',
  '0xd0a': 'Cortex-A75',
  '0xd0b': 'Cortex-A76',
  '0xd0c': 'Neoverse-N1',
  '0xd0d': 'Cortex-A77',
  '0xd40': 'Neoverse-V1',
  '0xd41': 'Cortex-A78',
  '0xd42': 'Cortex-A78AE',
  '0xd44': 'Cortex-X1',
  '0xd46': 'Cortex-A510',
  '0xd47': 'Cortex-A710',
  '0xd49': 'Neoverse-N2',
  '0xd4d': 'Cortex-A715',
  '0xd4f': 'Neoverse-V2',
  '0xd80': 'Cortex-A520',
  '0xd81': 'Cortex-A720',
};

/**
 * The decisive instructions that this processor has, in a fixed order, after the architecture: `x64 avx2 avx512f`. Only the
 * architecture where /proc/cpuinfo can't be read. Of this machine, never of a captured tree: what runs here is cut for it.
 */
export function instructionSet(): string {
  return instructions(new Tree('/')).value ?? process.arch;
}

/** The same of the processor that a tree is of. */
export function instructions(tree: Tree): Reading<string> {
  const { text, problem } = tree.once(CPUINFO);
  const [, key, list] = /^(flags|Features)[ \t]*:(.*)$/m.exec(text ?? '') ?? [];
  if (list === undefined) {
    if (tree.live) return known(process.arch, 'the running program; no flags in /proc/cpuinfo');
    return unknown(problem ?? `/${CPUINFO} has no flags`);
  }
  const flags = new Set(list.trim().split(/\s+/));
  const architecture = tree.live ? process.arch : architectureOf(key, flags);
  return known([architecture, ...DECISIVE.filter((flag) => flags.has(flag))].join(' '), `/${CPUINFO} ${key}`);
}

/** By Node's names. Only 64-bit processors have `lm` (x86) and `asimd` (Arm). */
function architectureOf(key: string, flags: ReadonlySet<string>): string {
  if (key === 'flags') return flags.has('lm') ? 'x64' : 'ia32';
  return flags.has('asimd') ? 'arm64' : 'arm';
}

/** As the processor calls itself; Arm's by the names of their cores: `Cortex-A55 + Cortex-A76`. */
export function processorModel(tree: Tree): Reading<string> {
  const { text, problem } = tree.once(CPUINFO);
  if (text === null) return unknown(problem);
  const all = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}[ \\t]*:[ \\t]*(\\S.*)$`, 'gm'))].map(([, value]) => shortened(value, 100));
  const implementers = all('CPU implementer');
  const cores = all('CPU part').map((part, index) =>
    implementers[index] === '0x41' ? (ARM_CORES[part] ?? `Arm ${part}`) : `${implementers[index]} ${part}`,
  );
  if (cores.length > 0) return known([...new Set(cores)].join(' + '), `/${CPUINFO} CPU part`);
  const [name] = all('model name');
  return name === undefined ? unknown(`/${CPUINFO} names no model`) : known(name, `/${CPUINFO} model name`);
}

/**
 * Largest magnitude of 8-bit weights. AVX2 without VNNI adds pairs of products in 16 bits, which saturate above 63
 * (seven-bit weights); all others add in 32 bits.
 */
export function int8Limit(instructions: string): 63 | 127 {
  const has = (flag: string) => instructions.split(' ').includes(flag);
  return instructions.startsWith('x64') && !has('avx512_vnni') && !has('avx_vnni') ? 63 : 127;
}
