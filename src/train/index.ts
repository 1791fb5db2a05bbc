/** Training: fits heads on frozen vectors, and calibrates what they say. */
export { calibrate, type Judged } from './calibration.js';
export { countRight, logitsOf, softTargets } from './linear-head.js';
export { type LinearHead, LogisticRegression, type Matrix } from './logistic.js';
export { type Metrics, measure, type Outcome, outcomeOf } from './metrics.js';
export { prototypesOf } from './prototypes.js';
export { type Random, seededRandom } from './random.js';
