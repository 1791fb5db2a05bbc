/** What Snug stands on: Node, operating system, C library, processor. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Reading } from '../profile/index.js';
import { bad, type Check, good } from './check.js';

/** The oldest glibc that onnxruntime's library is linked against. */
const OLDEST_GLIBC = '2.28';

/** `range` is written `>=20.19`. */
export function nodeCheck(version: string, range: string): Check {
  const least = range.replace(/^>=\s*/, '');
  return atLeast(version, least)
    ? good('node', version)
    : bad('node', `${version}, but Snug needs ${range}`, `Install Node ${least} or newer.`);
}

/** Whether onnxruntime-node carries a library for this system. */
export function platformCheck(platform: string, arch: string): Check {
  const root = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')), 'bin');
  const known = folders(root).flatMap((napi) =>
    folders(root, napi).flatMap((system) => folders(root, napi, system).map((machine) => `${system}-${machine}`)),
  );
  const here = `${platform}-${arch}`;
  if (known.includes(here)) return good('platform', here);
  return bad('platform', `${here}; onnxruntime-node runs on ${known.join(', ')}`, 'Use one of these systems.');
}

function folders(...path: string[]): string[] {
  return existsSync(join(...path)) ? readdirSync(join(...path)) : [];
}

/** The C library of a Linux system. `version` is glibc's; null where the system has another one. */
export function libcCheck(platform: string = process.platform, version = glibcVersion()): Check {
  if (platform !== 'linux') return good('libc', `the one of ${platform}`);
  const remedy = 'Use a distribution with a newer glibc: Debian 10, Ubuntu 20.04, Fedora 29 or later; not Alpine.';
  if (version === null) return bad('libc', 'not glibc (musl?); onnxruntime-node has no library for it', remedy);
  if (!atLeast(version, OLDEST_GLIBC)) return bad('libc', `glibc ${version}; ${OLDEST_GLIBC} is needed`, remedy);
  return good('libc', `glibc ${version}`);
}

function glibcVersion(): string | null {
  const report: unknown = process.report?.getReport();
  if (typeof report !== 'object' || report === null || !('header' in report)) return null;
  const { header } = report;
  if (typeof header !== 'object' || header === null || !('glibcVersionRuntime' in header)) return null;
  return typeof header.glibcVersionRuntime === 'string' ? header.glibcVersionRuntime : null;
}

/** What decides how fast 8-bit profiles are. Never a fault: they run everywhere, and `snug eval` tells how fast. */
export function instructionCheck({ value: instructions, source }: Reading<string>): Check {
  if (instructions === null) return good('instruction set', source);
  const has = (...flags: string[]) => flags.some((flag) => instructions.split(' ').includes(flag));
  const said = has('avx512_vnni', 'avx_vnni', 'amx_int8', 'asimddp', 'i8mm')
    ? '8-bit products at full speed'
    : has('avx2')
      ? 'no VNNI: 8-bit weights are kept to 7 bits'
      : 'no instructions for 8-bit products: 8-bit profiles save memory, but perhaps no time';
  return good('instruction set', `${instructions} (${said})`);
}

/** Compares versions by their numbers: 2.9 is older than 2.28. */
function atLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((each) => each.split('.').map(Number));
  for (const [index, number] of want.entries()) {
    const own = have[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
