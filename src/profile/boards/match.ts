/** Which known board this is. */
import type { Limits } from '../limits.js';
import { type Board, knownBoards } from './load.js';

export interface BoardSigns {
  /** As the device tree or the firmware names the board. */
  readonly boardModel: string | null;
  /** As the processor names itself: for boards without a name. */
  readonly processorModel?: string | null;
  /** As the kernel counts it. Tells sizes of one board apart. */
  readonly ramTotalBytes?: number | null;
}

/**
 * The known board with these signs, or null. Of its sizes of RAM the smallest that holds what the kernel counts; the
 * smallest of all where that is unknown.
 */
export function matchBoard(model: string | null, signs: Omit<BoardSigns, 'boardModel'> = {}): Board | null {
  const boards = knownBoards();
  const byModel = boards.filter((board) => matches(board.deviceTreeModel, model));
  const named =
    byModel.length > 0 ? byModel : boards.filter((board) => matches(board.processorName, signs.processorModel));
  const bySize = named.sort((a, b) => a.ram.nominalBytes - b.ram.nominalBytes);
  const ramBytes = signs.ramTotalBytes ?? 0;
  return bySize.find(({ ram }) => ram.nominalBytes >= ramBytes) ?? bySize.at(-1) ?? null;
}

/** The known board that a probe found itself on, or null. */
export function boardOf({ boardModel, processorModel, ramTotalBytes }: Limits): Board | null {
  return matchBoard(boardModel.value, { processorModel: processorModel.value, ramTotalBytes: ramTotalBytes.value });
}

function matches(patterns: readonly string[], name: string | null | undefined): boolean {
  if (!name) return false;
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 'i').test(name);
  });
}
