import { readFileSync } from 'node:fs';

/** The version in package.json, which stands at different depths above dist/src/cli/ and src/cli/. */
export function version(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
    } catch {
      // the other depth
    }
  }
  return '0.0.0';
}
