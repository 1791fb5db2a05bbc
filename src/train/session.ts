/** Sessions that take turns within a step of training, their results in memory that is there already. */
import { withSilentOutput } from '../model/onnx-schema.js';
import { InferenceSession, type Tensor } from '../runtime/index.js';

const SILENT = 'silent';
/** What onnxruntime-node says of a result that is no tensor, once a run is over. */
const NO_TENSOR = 'Non tensor type is temporarily not supported';

/**
 * Runs that leave their results in the arrays given and nowhere else. onnxruntime-node copies every result of a run into new
 * memory, also where the caller gave an array that it lies in by then: a quarter of a gigabyte a step, as much time as two thirds of
 * its products. It stops at the first result that JavaScript has nothing for, so there is one before all others. A version that
 * hands this one over, or copies nothing, gives the same results.
 */
export class StepSession {
  private constructor(private readonly session: InferenceSession) {}

  static async open(graph: Uint8Array, threads: number): Promise<StepSession> {
    const session = await InferenceSession.create(withSilentOutput(graph, SILENT), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Operators run one after the other, as results that are written over their inputs need it.
      executionMode: 'sequential',
      enableMemPattern: false,
      logSeverityLevel: 3,
      // Each session has threads of its own, which would go on waiting at full speed on the cores that the next one needs.
      extra: { session: { force_spinning_stop: '1' } },
    });
    return new StepSession(session);
  }

  /** Outputs that are not among `results` are not worked out. */
  async run(feeds: Record<string, Tensor>, results: Record<string, Tensor>): Promise<void> {
    const silent = { [SILENT]: null } as unknown as Record<string, Tensor>;
    try {
      await this.session.run(feeds, { ...silent, ...results });
    } catch (error) {
      if (!(error instanceof Error && error.message.includes(NO_TENSOR))) throw error;
    }
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
