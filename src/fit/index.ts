/** Which profile a board should run: what profiles cost on it, what it allows, and the choice. */
export { Advisor, type AdvisorOptions } from './advisor.js';
export { type Allowance, allowanceOf, megabytes, type Usage, type Wishes } from './allowance.js';
export { type AutoChoice, chooseAuto, cutApart, load } from './auto.js';
export { type Candidate, type Choice, choose, type Demand, type Predicted, type Priced } from './choose.js';
export { constants } from './constants.js';
export type { Costs } from './cost.js';
export { type FitResult, fitMeasured, fitting, type PlannedLimits, plannedLimits, usageUnder } from './fit.js';
export type { Measurement } from './measured.js';
