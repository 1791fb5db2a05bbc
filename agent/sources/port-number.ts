/** A port as YAML reads it where nothing stands before it. Loads zod, see options.ts. */
import { z } from '../../src/protocol/zod.js';

export const portNumber = () => z.int().min(1).max(65_535);
