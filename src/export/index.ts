/** Export: a profile of a bundle as a folder that other runtimes load, or other libraries train on. */
export { exportCheckpoint } from './checkpoint.js';
export { type ExportOptions, type ExportResult, exportOnnx } from './export.js';
