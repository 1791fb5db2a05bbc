/** The governor: which profile the agent begins with, and the loop that moves along the ladder when board or stream change. */
export { advisedBoard, soonAdvisedBoard } from './advised-board.js';
export { type Beginning, beginningOf } from './beginning.js';
export { type BoardView, type Demand, fixedChoice, pressureOf, probedBoard, usualBoard } from './board.js';
export { type GivenBack, giveBack } from './give-back.js';
export { Governor } from './governor.js';
export { killCounts } from './kill-counts.js';
export { LastRun } from './last-run.js';
export type { GovernorParts, GovernorStatus } from './parts.js';
export type { Candidate, Choice, Predicted } from './plan.js';
