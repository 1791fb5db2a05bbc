/** A sink that frames what a source gives and lets a test wait for it. */
import { LineFramer } from '../../../agent/framing.js';
import type { SourceSink } from '../../../agent/sources/source.js';
import type { SnugError } from '../../../src/errors/index.js';

export class ListeningSink implements SourceSink {
  readonly texts: string[] = [];
  /** `lost: …`, `back`, `ended`, in order. */
  readonly news: string[] = [];
  receivedBytes = 0;
  problem: SnugError | undefined;
  readonly #framer = new LineFramer();
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  bytes(chunk: Buffer): undefined {
    this.receivedBytes += chunk.length;
    this.#framer.push(chunk);
    this.#take();
  }

  flush(): void {
    this.#framer.flush();
    this.#take();
  }

  ended(problem?: SnugError): void {
    this.problem = problem;
    this.#tell('ended');
  }

  lost(reason: string): void {
    if (!this.news.at(-1)?.startsWith('lost')) this.#tell(`lost: ${reason}`);
  }

  back(): void {
    if (this.news.at(-1)?.startsWith('lost')) this.#tell('back');
  }

  /** Resolves once the condition holds; it is looked at after everything that comes. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ holds, resolve });
    });
  }

  untilText(text: string): Promise<void> {
    return this.until(() => this.texts.includes(text));
  }

  #take(): void {
    for (let line = this.#framer.next(); line !== undefined; line = this.#framer.next()) this.texts.push(line.text);
    this.#look();
  }

  #tell(news: string): void {
    this.news.push(news);
    this.#look();
  }

  #look(): void {
    const ready = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter((each) => !ready.includes(each));
    for (const { resolve } of ready) resolve();
  }
}
