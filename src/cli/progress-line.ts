/** One line on stderr that shows how far a long step is; only where a person looks at it. */
import type { WriteStream } from 'node:tty';

/** Shortest time between two drawings, in ms. */
const drawEveryMs = 100;
const barWidth = 24;

/** Draws on a terminal; writes finished steps alone where stderr is a file or a pipe. */
export class ProgressLine {
  private drawnAtMs = Number.NEGATIVE_INFINITY;
  private visible = false;
  private what = '';
  private startedAtMs = 0;
  private startedFrom = 0;

  constructor(
    private readonly stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number },
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

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
    this.draw(`${what}  ${total === null ? '' : `${bar(done / Math.max(total, 1))}  `}${amount}${rate}`);
  }

  /** Replaces the bar by a finished line. */
  finish(text: string): void {
    this.clear();
    this.what = '';
    this.stream.write(`${text}\n`);
  }

  /** Takes the bar away, before anything else is written. */
  clear(): void {
    if (this.visible) this.stream.write('\r\u001b[K');
    this.visible = false;
  }

  private draw(text: string): void {
    this.stream.write(`\r\u001b[K${text.slice(0, Math.max(20, (this.stream.columns ?? 80) - 1))}`);
    this.visible = true;
  }
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * barWidth);
  return `[${'='.repeat(full)}${' '.repeat(barWidth - full)}]`;
}
