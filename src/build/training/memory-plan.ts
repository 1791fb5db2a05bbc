/** How much memory training takes, worked out before it starts, and how it is brought below what was allowed. */
import { SnugError } from '../../errors/index.js';
import type { EncoderShape } from '../../model/index.js';
import { activationBytes } from '../../train/index.js';

export interface MemoryPlan {
  /** Tokens that run at once at most. */
  readonly tokenBudget: number;
  /** Whether layers run forward twice, so that what they keep in between is that of one. */
  readonly recompute: boolean;
  readonly bytes: number;
}

export interface MemoryNeeds {
  readonly shape: EncoderShape;
  readonly parameters: number;
  /** Numbers that slices have of their own. */
  readonly ownParameters: number;
  /** Of the longest text. */
  readonly longest: number;
  /** Tokens of a step: no more of them ever run at once. */
  readonly stepTokens: number;
}

const MIB = 2 ** 20;
/** Node, its code, onnxruntime's library and the texts. */
const PROGRAM_BYTES = 150 * MIB;
/** Values, gradients and the optimiser's two means of what learns; the teacher's values and slices' copies: less than two more. */
const COPIES = 6;
/** Values, gradients and two means. */
const OWN_COPIES = 4;
/** What the C library does not give back: of the phases before, in copies of the network, and of arrays that grew as longer batches came. */
const LEFT_BEHIND = 2.5;
const OUTGROWN = 1.35;
const FLOAT_BYTES = 4;
const BUDGETS = [2048, 1024, 512, 256, 128];

/** What training takes with so many tokens at once. */
export function trainingBytes(needs: MemoryNeeds, tokenBudget: number, recompute: boolean): number {
  const { shape, parameters, ownParameters, longest, stepTokens } = needs;
  // A text that is longer than the budget runs alone.
  const tokens = Math.max(longest, Math.min(tokenBudget, stepTokens));
  const texts = Math.max(1, Math.floor(tokens / longest));
  const size = { texts, tokens: Math.ceil(tokens / texts), recompute };
  const oneLayer = activationBytes({ ...shape, layers: shape.layers.slice(0, 1) }, size);
  // onnxruntime's own arrays, for a layer's two directions, and the teacher's, which keeps one layer.
  const numbers = (COPIES + LEFT_BEHIND) * parameters + OWN_COPIES * ownParameters;
  const arrays = activationBytes(shape, size) + 3 * oneLayer;
  return Math.round(PROGRAM_BYTES + FLOAT_BYTES * numbers + OUTGROWN * arrays);
}

/** The largest budget that fits: quick ways before slow ones. @throws TRAINING_MEMORY where none does */
export function planMemory(
  needs: MemoryNeeds,
  allowed = Number.POSITIVE_INFINITY,
  budgets: readonly number[] = BUDGETS,
): MemoryPlan {
  let least = Number.POSITIVE_INFINITY;
  for (const recompute of [false, true])
    for (const tokenBudget of budgets) {
      const bytes = trainingBytes(needs, tokenBudget, recompute);
      least = Math.min(least, bytes);
      if (bytes <= allowed) return { tokenBudget, recompute, bytes };
    }
  const inMib = (bytes: number) => (bytes < MIB ? `${bytes} bytes` : `${Math.ceil(bytes / MIB)} MiB`);
  throw new SnugError(
    'TRAINING_MEMORY',
    `training needs ${inMib(least)}, and may take ${inMib(allowed)}; the longest text has ${needs.longest} tokens`,
  );
}
