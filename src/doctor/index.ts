/**
 * Whether this machine can run Snug, and where not, what to do about it. Every check is on its own: one that fails, or that
 * breaks in a way nobody foresaw, does not keep the others from being made. Nothing is left behind but the cache of profiles.
 */
import { probeLimits } from '../profile/index.js';
import { boardCheck } from './board.js';
import { bundleChecks } from './bundle.js';
import { type Check, settled } from './check.js';
import { clockCheck } from './clock.js';
import { checkApart } from './errands.js';
import { folderCheck } from './folders.js';
import { coresCheck, diskCheck, memoryCheck, pageSizeCheck, swapCheck, temperatureCheck } from './limits.js';
import { instructionCheck, libcCheck, nodeCheck, platformCheck } from './platform.js';
import { serialCheck } from './serial.js';

export type { Check } from './check.js';

export interface Examination {
  readonly cacheFolder: string;
  readonly stateFolder: string;
  /** The range of Node versions that package.json asks for: `>=20.19`. */
  readonly nodeRange: string;
  /** A bundle to check as well. */
  readonly bundle?: string;
  /** Every profile of the bundle, not those alone that speak for the others. */
  readonly allProfiles?: boolean;
  /** Told before every check: some take seconds. */
  readonly onCheck?: (name: string) => void;
}

/** Makes all checks, one after the other; never throws. */
export async function examine(examination: Examination): Promise<Check[]> {
  const { cacheFolder, stateFolder, nodeRange, bundle, allProfiles = false, onCheck = () => undefined } = examination;
  const limits = probeLimits(undefined, cacheFolder);
  const plan: readonly (readonly [name: string, make: () => Check | Promise<Check>])[] = [
    ['node', () => nodeCheck(process.versions.node, nodeRange)],
    ['platform', () => platformCheck(process.platform, process.arch)],
    ['libc', () => libcCheck()],
    ['onnxruntime', () => checkApart({ kind: 'runtime', name: 'onnxruntime' })],
    ['board', () => boardCheck(limits)],
    ['instruction set', () => instructionCheck(limits.instructions)],
    ['memory', () => memoryCheck(limits)],
    ['swap', () => swapCheck(limits)],
    ['cores', () => coresCheck(limits)],
    ['temperature', () => temperatureCheck(limits)],
    ['page size', () => pageSizeCheck(limits)],
    ['disk', () => diskCheck(limits)],
    ['cache folder', () => folderCheck('cache folder', cacheFolder, 'Set SNUG_CACHE to')],
    ['state folder', () => folderCheck('state folder', stateFolder, 'Set stateDir in the configuration to')],
    ['serial ports', () => serialCheck()],
    ['clock', () => clockCheck(Date.now())],
  ];
  const checks: Check[] = [];
  for (const [name, make] of plan) {
    onCheck(name);
    checks.push(await settled(name, make));
  }
  if (bundle !== undefined) checks.push(...(await bundleChecks(bundle, allProfiles, onCheck)));
  return checks;
}
