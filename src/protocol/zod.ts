import { createRequire } from 'node:module';

/**
 * zod, loaded as CommonJS: loaded through the ES module loader the same package costs twice the memory (7 MB more of anonymous
 * RSS, measured on Node 20), and the agent runs on boards.
 */
export const z: typeof import('zod').z = createRequire(import.meta.url)('zod').z;
