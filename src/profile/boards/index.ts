/** Profiles of known boards: limits for planning and defaults, each figure with its public source. Loads zod and yaml. */
export { limitsOfBoard } from './limits.js';
export { type Board, checkBoard, knownBoards, loadBoard, readBoardFile } from './load.js';
export { type BoardSigns, boardOf, matchBoard } from './match.js';
