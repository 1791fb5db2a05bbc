/** One line on stderr that shows how far a long step is; only where a person looks at it. */
import { bar, type LineStream, TerminalLine } from './terminal-line.js';

/** Shortest time between two drawings, in ms. */
const drawEveryMs = 100;

/** Draws on a terminal; writes finished steps alone where stderr is a file or a pipe. */
export class ProgressLine {
  private readonly line: TerminalLine;
  private drawnAtMs = Number.NEGATIVE_INFINITY;
  private what = '';
  private startedAtMs = 0;
  private startedFrom = 0;

  constructor(
    private readonly stream: LineStream,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.line = new TerminalLine(stream);
  }

  /** Shows `done` of `total` bytes; `total` is null where it is not known. */
  update(what: string, done: number, total: number | null): void {
    const now = this.nowMs();
    if (what !== this.what) {
      this.what = what;
      this.startedAtMs = now;
      this.startedFrom = done;
    }
    if (!this.stream.isTTY || now - this.drawnAtMs < drawEveryMs) return;
    this.drawnAtMs = now;
    const seconds = (now - this.startedAtMs) / 1000;
    const rate = seconds > 0.5 ? `  ${((done - this.startedFrom) / seconds / 1e6).toFixed(1)} MB/s` : '';
    const amount = `${(done / 1e6).toFixed(1)}${total === null ? '' : ` of ${(total / 1e6).toFixed(1)}`} MB`;
    this.line.draw(`${what}  ${total === null ? '' : `${bar(done / Math.max(total, 1))}  `}${amount}${rate}`);
  }

  /** Replaces the bar by a finished line. */
  finish(text: string): void {
    this.clear();
    this.what = '';
    this.stream.write(`${text}\n`);
  }

  /** Takes the bar away, before anything else is written. */
  clear(): void {
    this.line.clear();
  }
}
