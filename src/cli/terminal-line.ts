/** One line of a terminal that is drawn over and over. */
import type { WriteStream } from 'node:tty';

export type LineStream = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };

const BAR_WIDTH = 24;

export class TerminalLine {
  private visible = false;

  constructor(private readonly stream: LineStream) {}

  /** Columns that a line may fill without breaking. */
  get columns(): number {
    return Math.max(20, (this.stream.columns ?? 80) - 1);
  }

  draw(text: string): void {
    this.stream.write(`\r\u001b[K${text.slice(0, this.columns)}`);
    this.visible = true;
  }

  /** Takes the line away, before anything else is written. */
  clear(): void {
    if (this.visible) this.stream.write('\r\u001b[K');
    this.visible = false;
  }
}

/** `[======                  ]` for a share of a quarter. */
export function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `[${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}]`;
}
