/** Whether a bundle is whole, and whether every profile that it holds answers as it should. */
import { join } from 'node:path';
import { type Bundle, files, openBundle, sha256OfFile } from '../bundle/index.js';
import { SnugError } from '../errors/index.js';
import { checkApart } from './apart.js';
import { type Check, good, settled } from './check.js';

/** The bundle first, then its profiles where it is whole. */
export async function bundleChecks(folder: string, onCheck: (name: string) => void): Promise<Check[]> {
  let bundle: Bundle | undefined;
  onCheck('bundle');
  const checks = [
    await settled('bundle', async () => {
      bundle = await openWhole(folder);
      const bytes = Object.values(bundle.manifest.files).reduce((sum, file) => sum + file.bytes, 0);
      return good('bundle', `${folder}: intact, ${(bytes / 1e6).toFixed(1)} MB, ${bundle.identity.slice(0, 12)}`);
    }),
  ];
  for (const { profile } of bundle?.manifest.ladder ?? []) {
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
