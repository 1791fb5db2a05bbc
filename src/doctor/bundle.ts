/** Whether a bundle is whole, and whether its profiles answer as they should. */
import { join } from 'node:path';
import { type Bundle, files, openBundle, parseProfile, type Rung, sha256OfFile } from '../bundle/index.js';
import { SnugError } from '../errors/index.js';
import { type Check, good, settled } from './check.js';
import { checkApart } from './errands.js';

/** Which profiles speak for a ladder: the first, and most exact, of 32, 8 and 4 bits, and the smallest of all. */
export function telling(ladder: readonly Rung[]): string[] {
  const first = new Map<number, Rung>();
  for (const rung of ladder.toReversed()) first.set(parseProfile(rung.profile).bits, rung);
  const [smallest] = ladder.toSorted((a, b) => a.weightBytes - b.weightBytes);
  const chosen = new Set([...first.values(), ...(smallest ? [smallest] : [])]);
  return ladder.filter((rung) => chosen.has(rung)).map(({ profile }) => profile);
}

/**
 * The bundle first, then its profiles where it is whole.
 * @param all every profile, not those alone that speak for the others
 */
export async function bundleChecks(folder: string, all: boolean, onCheck: (name: string) => void): Promise<Check[]> {
  let bundle: Bundle | undefined;
  onCheck('bundle');
  const checks = [
    await settled('bundle', async () => {
      bundle = await openWhole(folder);
      const bytes = Object.values(bundle.manifest.files).reduce((sum, file) => sum + file.bytes, 0);
      return good('bundle', `${folder}: intact, ${(bytes / 1e6).toFixed(1)} MB, ${bundle.identity.slice(0, 12)}`);
    }),
  ];
  const ladder = bundle?.manifest.ladder ?? [];
  for (const profile of all ? ladder.map((rung) => rung.profile) : telling(ladder)) {
    const name = `answers of ${profile}`;
    onCheck(name);
    checks.push(await settled(name, () => checkApart({ kind: 'golden', name, folder, profile })));
  }
  return checks;
}

/** Opening a bundle leaves the bytes of its largest file for later; here they are read. @throws BUNDLE_… */
async function openWhole(folder: string): Promise<Bundle> {
  const bundle = await openBundle(folder);
  const master = join(folder, files.master);
  if ((await sha256OfFile(master)) !== bundle.manifest.files[files.master].sha256)
    throw new SnugError('BUNDLE_DAMAGED', `${master}: its bytes are not those that the manifest names`);
  return bundle;
}
