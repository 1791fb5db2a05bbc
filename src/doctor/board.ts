/** Which board this is, and whether Snug knows it. */
import type { Limits } from '../profile/index.js';
import { type Check, good } from './check.js';

/** Never a fault: a board that Snug doesn't know is measured like every other. */
export async function boardCheck(limits: Limits): Promise<Check> {
  const { boardOf } = await import('../profile/boards/index.js');
  const { value, source } = limits.boardModel;
  const board = boardOf(limits);
  const profile = board === null ? 'no board profile' : `board profile ${board.name}`;
  const processor = limits.processorModel.value ?? limits.processorModel.source;
  return good('board', `${value ?? source}; ${processor}; ${profile}`);
}
