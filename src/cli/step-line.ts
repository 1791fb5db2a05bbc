/** The steps of a long command on stderr: a bar where a person looks at it, a line a step where it is a file or a pipe. */
import { bar, type LineStream, TerminalLine } from './terminal-line.js';

const DRAW_EVERY_MS = 100;

/** In minutes where seconds would say too much. */
const timeLeft = (seconds: number) => (seconds < 600 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);

export class StepLine {
  private readonly line: TerminalLine;
  private step = '';
  private drawnAtMs = Number.NEGATIVE_INFINITY;
  private startedAtMs = 0;
  private startedFrom = 0;

  constructor(
    private readonly stream: LineStream,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.line = new TerminalLine(stream);
  }

  /** Shows a step; `total` is 0 where the end is not known. */
  update(step: string, done: number, total: number, detail = ''): void {
    const now = this.nowMs();
    if (step !== this.step) {
      this.step = step;
      this.startedAtMs = now;
      // A step that is taken up again begins in its middle.
      this.startedFrom = Math.max(0, done - 1);
      this.drawnAtMs = Number.NEGATIVE_INFINITY;
      if (!this.stream.isTTY) this.stream.write(`${step}\n`);
    }
    if (!this.stream.isTTY || now - this.drawnAtMs < DRAW_EVERY_MS) return;
    this.drawnAtMs = now;
    const seconds = (now - this.startedAtMs) / 1000;
    const gone = done - this.startedFrom;
    const left = gone > 0 ? `  ${timeLeft((seconds * (total - done)) / gone)} left` : '';
    const amount = total > 0 ? `${bar(done / total)}  ${done} of ${total}${left}` : '';
    this.line.draw([step, amount, detail].filter((part) => part !== '').join('  '));
  }

  /** Takes the bar away, before anything else is written. */
  clear(): void {
    this.line.clear();
  }
}
