/** The steps of a long command on stderr: a bar where a person looks at it, a line a step where it is a file or a pipe. */
import type { WriteStream } from 'node:tty';

const DRAW_EVERY_MS = 100;
const BAR_WIDTH = 24;

export class StepLine {
  private step = '';
  private drawnAtMs = Number.NEGATIVE_INFINITY;
  private startedAtMs = 0;
  private visible = false;

  constructor(
    private readonly stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number },
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Shows a step; `total` is 0 where the end is not known. */
  update(step: string, done: number, total: number, detail = ''): void {
    const now = this.nowMs();
    if (step !== this.step) {
      this.step = step;
      this.startedAtMs = now;
      this.drawnAtMs = Number.NEGATIVE_INFINITY;
      if (!this.stream.isTTY) this.stream.write(`${step}\n`);
    }
    if (!this.stream.isTTY || now - this.drawnAtMs < DRAW_EVERY_MS) return;
    this.drawnAtMs = now;
    const seconds = (now - this.startedAtMs) / 1000;
    const left = done > 0 ? `  ${Math.ceil((seconds * (total - done)) / done)} s left` : '';
    const amount = total > 0 ? `${bar(done / total)}  ${done} of ${total}${left}` : '';
    this.draw([step, amount, detail].filter((part) => part !== '').join('  '));
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
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `[${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}]`;
}
