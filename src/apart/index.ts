/**
 * Work in a process of its own: what leaves a heap that has grown, what native code may crash in, and what the kernel is to take
 * first where memory runs out.
 */
export { type ApartOptions, apart, type Errand, processesAtWork } from './apart.js';
export { type Desk, serve } from './serve.js';
