/**
 * Every error that Snug raises on purpose: its code, what it means and what to do. Codes are part of the public contract:
 * scripts match on them, docs/errors.md is made from this table, and a test proves that every code is raised somewhere.
 */
import type { ErrorEntry } from './entry.js';
import { agentErrors } from './families/agent.js';
import { benchErrors } from './families/bench.js';
import { boardErrors } from './families/board.js';
import { bundleErrors } from './families/bundle.js';
import { checkpointErrors } from './families/checkpoint.js';
import { commandLineErrors } from './families/command-line.js';
import { dataErrors } from './families/data.js';
import { sourceErrors } from './families/source.js';
import { tokenizerErrors } from './families/tokenizer.js';
import { trainingErrors } from './families/training.js';

export const catalogue = {
  ...agentErrors,
  ...benchErrors,
  ...boardErrors,
  ...bundleErrors,
  ...checkpointErrors,
  ...commandLineErrors,
  ...dataErrors,
  ...sourceErrors,
  ...tokenizerErrors,
  ...trainingErrors,
} as const satisfies Record<string, ErrorEntry>;
