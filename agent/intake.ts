/** One source's way into the pipeline: bytes are framed, numbered and queued; a full queue holds the source back. */
import type { SnugError } from '../src/errors/index.js';
import { LineFramer } from './framing.js';
import { type QueueOptions, RecordQueue } from './queue.js';
import type { Source, SourceSink } from './sources/source.js';

/** What an intake tells the pipeline, and the clocks that it reads. */
export interface IntakeContext {
  /** Something was queued or the state changed. */
  readonly changed: () => void;
  readonly lost: (reason: string) => void;
  readonly back: () => void;
  readonly ended: (problem: SnugError | undefined) => void;
  readonly now: () => number;
  readonly clock: () => number;
}

export class Intake implements SourceSink {
  readonly queue: RecordQueue;
  state: 'open' | 'lost' | 'ended' = 'open';
  records = 0;
  cut = 0;
  replaced = 0;
  readonly #framer: LineFramer;
  /** Set while the framer holds what the queue has no room for: lets the source go on. */
  #goOn: (() => void) | undefined;
  #discarding = false;

  constructor(
    readonly source: Source,
    queue: QueueOptions,
    recordLimitBytes: number | undefined,
    private readonly context: IntakeContext,
  ) {
    this.queue = new RecordQueue(queue);
    this.#framer = new LineFramer(recordLimitBytes);
  }

  /** True where nothing is left to answer and nothing will come. */
  get done(): boolean {
    return this.state === 'ended' && this.#goOn === undefined && this.queue.length === 0;
  }

  bytes(chunk: Buffer): Promise<void> | undefined {
    if (this.#discarding) return undefined;
    this.#framer.push(chunk);
    if (this.#pull()) return undefined;
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  flush(): void {
    if (this.#discarding) return;
    this.#framer.flush();
    // While the queue is full the framer keeps what it has; `refill` takes the flushed line in its turn.
    if (this.#goOn === undefined && !this.#pull()) this.#goOn = () => undefined;
  }

  ended(problem?: SnugError): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.context.ended(problem);
    this.context.changed();
  }

  lost(reason: string): void {
    if (this.state !== 'open') return;
    this.state = 'lost';
    this.context.lost(reason);
  }

  back(): void {
    if (this.state !== 'lost') return;
    this.state = 'open';
    this.context.back();
  }

  /** To be called when records were taken from the queue. */
  refill(): void {
    const goOn = this.#goOn;
    if (goOn === undefined || !this.#pull()) return;
    this.#goOn = undefined;
    goOn();
  }

  /** Forgets all that was read and not answered, and all that still comes until the source has stopped. */
  discard(): void {
    this.#discarding = true;
    this.queue.clear();
    this.#goOn?.();
    this.#goOn = undefined;
  }

  /** Moves lines from the framer to the queue; true once the framer holds no whole line any more. */
  #pull(): boolean {
    let ts: string | undefined;
    let framedAtMs = 0;
    while (!this.queue.mustWait) {
      const line = this.#framer.next();
      if (line === undefined) {
        if (ts !== undefined) this.context.changed();
        return true;
      }
      if (ts === undefined) {
        ts = new Date(this.context.clock()).toISOString();
        framedAtMs = this.context.now();
      }
      const { text, cut, replaced } = line;
      const record = { source: this.source.name, seq: ++this.records, ts, framedAtMs, text };
      if (cut) this.cut++;
      this.replaced += replaced;
      this.queue.offer(
        cut || replaced > 0 ? { ...record, ...(cut && { cut }), ...(replaced > 0 && { replaced }) } : record,
      );
    }
    this.context.changed();
    return false;
  }
}
