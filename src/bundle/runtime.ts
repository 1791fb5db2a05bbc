/** The inference runtime's version: what it prepares for itself holds for one version only. */
import { createRequire } from 'node:module';

export function runtimeVersion(): string {
  return createRequire(import.meta.url)('onnxruntime-node/package.json').version;
}
