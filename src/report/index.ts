/** The report of a bundle: a page for people and the same figures for programs. Pure but for `writeReport`. */
export type { ReportData, ReportFile, ReportProfile, TrainingCurve, TrainingPoint } from './data.js';
export { reportHtml } from './page.js';
export { writeReport } from './write.js';
