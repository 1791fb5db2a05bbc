/** Sessions that take turns within a step of training. */
import { InferenceSession } from '../runtime/index.js';

/**
 * A graph as a session. Each session has threads of its own, and they would go on waiting for work at full speed after its run,
 * on the cores that the next session needs.
 */
export function stepSession(graph: Uint8Array, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(graph, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Operators run one after the other, as results that are written over their inputs need it.
    executionMode: 'sequential',
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1' } },
  });
}
