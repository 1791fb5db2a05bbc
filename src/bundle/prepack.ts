/**
 * Lets onnxruntime save a graph as it would lay it out in memory. A session that loads the result maps the prepared weights
 * instead of making its own copy: less anonymous memory, a quicker start. The result holds for this runtime version and
 * processor only.
 */
import { InferenceSession } from 'onnxruntime-node';

/** Weights below this stay in the graph file. */
const EXTERNAL_FROM_BYTES = 16_384;

/** Writes the graph at `from` to `to`, its weights to `weightsFile` in the same folder. */
export async function prepack(from: string, to: string, weightsFile: string): Promise<void> {
  const session = await InferenceSession.create(from, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    optimizedModelFilePath: to,
    // Warnings only: the runtime notes that the file holds for this machine alone, which is the purpose.
    logSeverityLevel: 3,
    extra: {
      session: {
        save_external_prepacked_constant_initializers: '1',
        optimized_model_external_initializers_file_name: weightsFile,
        optimized_model_external_initializers_min_size_in_bytes: String(EXTERNAL_FROM_BYTES),
      },
    },
  });
  await session.release();
}
