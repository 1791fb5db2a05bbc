/** What decides how fast, and how exactly, a processor multiplies 8-bit numbers. */
import { readFileSync } from 'node:fs';

/** Flags of /proc/cpuinfo that choose onnxruntime's kernels, x64 and arm64. */
const DECISIVE = ['avx2', 'avx_vnni', 'avx512f', 'avx512_vnni', 'amx_int8', 'asimddp', 'i8mm', 'sve', 'bf16'];

/**
 * The decisive instructions that this processor has, in a fixed order, after the architecture: `x64 avx2 avx512f`. Only the
 * architecture where /proc/cpuinfo can't be read.
 */
export function instructionSet(): string {
  let text = '';
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // not Linux, or no /proc: the architecture alone
  }
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1].trim().split(/\s+/));
  return [process.arch, ...DECISIVE.filter((flag) => flags.has(flag))].join(' ');
}

/**
 * Largest magnitude of 8-bit weights. AVX2 without VNNI adds pairs of products in 16 bits, which saturate above 63
 * (seven-bit weights); all others add in 32 bits.
 */
export function int8Limit(instructions: string): 63 | 127 {
  const has = (flag: string) => instructions.split(' ').includes(flag);
  return instructions.startsWith('x64') && !has('avx512_vnni') && !has('avx_vnni') ? 63 : 127;
}
