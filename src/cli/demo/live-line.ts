/** One line that is drawn again and again on a terminal; elsewhere a line every few seconds. */
import { type LineStream, TerminalLine } from '../terminal-line.js';

/** How often the line is drawn on a terminal, and how often it is written elsewhere. */
const DRAW_EVERY_MS = 250;
const WRITE_EVERY_MS = 3000;
/** In a file or a pipe nothing breaks a line. */
const NO_TERMINAL_COLUMNS = 200;

export class LiveLine {
  #timer: NodeJS.Timeout | undefined;
  readonly #line: TerminalLine;

  constructor(private readonly stream: LineStream) {
    this.#line = new TerminalLine(stream);
  }

  /** Shows what `text` gives for so many columns, now and from now on. */
  start(text: (columns: number) => string): void {
    const show = () => {
      if (this.stream.isTTY) this.#line.draw(text(this.columns));
      else this.stream.write(`${text(this.columns)}\n`);
    };
    show();
    clearInterval(this.#timer);
    this.#timer = setInterval(show, this.stream.isTTY ? DRAW_EVERY_MS : WRITE_EVERY_MS);
  }

  /** Columns that a line may fill. */
  get columns(): number {
    return this.stream.isTTY ? this.#line.columns : NO_TERMINAL_COLUMNS;
  }

  /** Writes a line of its own above the live one. */
  say(line: string): void {
    this.#line.clear();
    this.stream.write(`${line}\n`);
  }

  /** Ends the live line; nothing of it stays. */
  stop(): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }
}
