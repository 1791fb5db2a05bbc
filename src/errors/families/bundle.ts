/** Elastic bundles, profiles and the cache of materialised ones. */
import type { ErrorEntry } from '../entry.js';

export const bundleErrors = {} as const satisfies Record<string, ErrorEntry>;
