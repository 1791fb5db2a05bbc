/** How a long run tells of itself, and how it ends early: the state of a run that was told to stop is saved before it ends. */
import type { StepReport } from '../../train/index.js';
import type { BuildOptions } from '../build.js';
import type { Curve } from './curve.js';

/** Steps over which loss and speed are averaged for people. */
const SMOOTHED = 0.95;
const CURVE_POINTS = 100;

export class RunReport {
  private readonly stopping = new AbortController();
  private cause: unknown;
  private loss = Number.NaN;
  private tokensPerSecond = Number.NaN;
  private before = performance.now();
  private accuracy: number | undefined;

  constructor(
    private readonly phase: string,
    private readonly options: Pick<BuildOptions, 'data' | 'onProgress' | 'onNote'>,
    private readonly curve: Curve,
  ) {}

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  readonly onStep = ({ step, steps, loss, tokens }: StepReport): void => {
    const now = performance.now();
    if (Number.isNaN(this.loss)) this.loss = this.curve.lossBefore(step);
    this.loss = smoothed(this.loss, loss);
    this.tokensPerSecond = smoothed(this.tokensPerSecond, (1000 * tokens) / (now - this.before));
    this.before = now;
    if (step % Math.ceil(steps / CURVE_POINTS) === 0) this.curve.add({ step, loss: this.loss });
    try {
      this.options.onProgress(this.phase, step, steps, this.detail);
    } catch (error) {
      // Whoever watches wants it to stop.
      this.cause = error;
      this.stopping.abort();
    }
  };

  /** Tells what was measured on eval rows. */
  readonly onEvaluated = (step: number, accuracy: number, more = ''): void => {
    this.accuracy = accuracy;
    this.curve.add({ step, loss: this.loss, accuracy });
    this.options.onNote?.(`${this.phase}: step ${step}, ${this.detail}${more}`);
    // The time that measuring takes is no step's.
    this.before = performance.now();
  };

  /** @throws what the watcher threw */
  throwIfStopped(): void {
    if (this.stopping.signal.aborted) throw this.cause;
  }

  private get detail(): string {
    // Without labels it is the whole network that says what is right.
    const rows = this.options.data === undefined ? 'of texts kept aside, as the whole network' : 'of eval rows';
    const right = this.accuracy === undefined ? '' : `, ${(100 * this.accuracy).toFixed(2)} % ${rows}`;
    return `loss ${this.loss.toFixed(3)}, ${this.tokensPerSecond.toFixed(0)} tokens/s${right}`;
  }
}

const smoothed = (before: number, value: number) =>
  Number.isNaN(before) ? value : SMOOTHED * before + (1 - SMOOTHED) * value;
