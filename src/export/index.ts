/** Export: a profile of a bundle as a folder that other runtimes load. */
export { type ExportOptions, type ExportResult, exportOnnx } from './export.js';
