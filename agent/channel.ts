/** One stream of bytes on its way to a source's queue: framed, decoded, lines joined. Holds what the queue has no room for. */
import {
  createFramer,
  DEFAULT_RECORD_LIMIT_BYTES,
  type Framer,
  type FramingChoice,
  silenceMs,
} from './framing/index.js';
import type { ByteStream, Fields, PositionBehind, ReadPosition, SourceMessage } from './sources/source.js';
import { compilePattern, Decoder, Joiner, type Piece } from './text/index.js';

export interface JoinOptions {
  readonly start?: string;
  readonly continuation?: string;
  readonly maxLines?: number;
  readonly waitMs?: number;
}

export interface ChannelOptions extends FramingChoice {
  readonly join?: JoinOptions;
  /** Takes a framed text apart. */
  readonly parse?: (text: string) => { readonly text: string; readonly fields: Fields };
}

/** What a channel gives its pieces to. */
export interface ChannelOwner {
  /** True while no piece can be taken. */
  readonly full: boolean;
  take(piece: Piece): void;
  /** A message came that there is no room for, from a source that can't wait. */
  refused(): void;
  /** Everything before was taken or is no record. */
  passed(position: ReadPosition): void;
  /** Everything that there is was taken for now. */
  rested(): void;
  /** The channel was closed and has nothing left. */
  closed(channel: Channel): void;
  /** Runs something after so long; the answer calls it off. */
  after(ms: number, run: () => void): () => void;
}

const DEFAULT_JOIN_WAIT_MS = 500;
const DEFAULT_JOIN_LINES = 100;

export class Channel implements ByteStream {
  readonly #framer: Framer;
  readonly #decoder: Decoder;
  readonly #joiner: Joiner | undefined;
  readonly #limit: number;
  readonly #endsBySilence: boolean;
  readonly #idleMs: number | undefined;
  #behind: PositionBehind | undefined;
  #chunkBytes = 0;
  #chunkEnd: ReadPosition | undefined;
  /** A message that finds the queue full. */
  #message: SourceMessage | undefined;
  #flushing = false;
  #closing = false;
  /** Set while something is held that the queue has no room for: lets the source go on. */
  #goOn: (() => void) | undefined;
  /** A chunk that came while a flush has no room yet: it is another record's. */
  #afterFlush: { chunk: Buffer; behind: PositionBehind | undefined; flush: boolean; resolve: () => void } | undefined;
  #callOff: (() => void) | undefined;
  #discarding = false;

  constructor(
    private readonly options: ChannelOptions,
    private readonly owner: ChannelOwner,
    private readonly fields: Fields | undefined,
  ) {
    const { join, encoding, recordLimitBytes = DEFAULT_RECORD_LIMIT_BYTES } = options;
    this.#limit = recordLimitBytes;
    this.#framer = createFramer(options);
    this.#decoder = new Decoder(encoding);
    this.#joiner = join && new Joiner({ ...joinRules(join), limitCharacters: recordLimitBytes });
    this.#endsBySilence = silenceMs(options) !== undefined;
    this.#idleMs = silenceMs(options) ?? (join && (join.waitMs ?? DEFAULT_JOIN_WAIT_MS));
  }

  /** True where something is held that the queue has no room for. */
  get waits(): boolean {
    return this.#goOn !== undefined;
  }

  bytes(chunk: Buffer, behind?: PositionBehind): Promise<void> | undefined {
    if (this.#discarding) return undefined;
    if (this.#goOn !== undefined)
      return new Promise((resolve) => {
        this.#afterFlush = { chunk, behind, flush: false, resolve };
      });
    this.#callOff?.();
    this.#behind = behind;
    this.#chunkBytes = chunk.length;
    this.#framer.push(chunk);
    return this.#go();
  }

  /** One at a time: one that comes while another waits is refused. */
  message(message: SourceMessage): Promise<void> | undefined {
    if (this.#discarding) return undefined;
    if (this.#message !== undefined) {
      this.owner.refused();
      return undefined;
    }
    this.#message = message;
    return this.#go();
  }

  flush(): void {
    if (this.#discarding) return;
    if (this.#afterFlush !== undefined) {
      this.#afterFlush.flush = true;
      return;
    }
    this.#framer.flush();
    this.#flushing = true;
    // While the queue is full the framer keeps what it has; `refill` takes the flushed record in its turn.
    if (this.#goOn === undefined) void this.#go();
  }

  close(): void {
    this.#closing = true;
    this.flush();
  }

  /** To be called when the queue has room again. */
  refill(): void {
    const goOn = this.#goOn;
    if (goOn === undefined || !this.#pull()) return;
    this.#goOn = undefined;
    goOn();
    const next = this.#afterFlush;
    if (next === undefined) return;
    this.#afterFlush = undefined;
    const full = this.bytes(next.chunk, next.behind);
    if (next.flush) this.flush();
    if (full === undefined) next.resolve();
    else void full.then(next.resolve);
  }

  discard(): void {
    this.#discarding = true;
    this.#callOff?.();
    this.#goOn?.();
    this.#goOn = undefined;
    this.#afterFlush?.resolve();
    this.#afterFlush = undefined;
  }

  #go(): Promise<void> | undefined {
    if (this.#pull()) return undefined;
    return new Promise((resolve) => {
      const before = this.#goOn;
      this.#goOn = () => {
        before?.();
        resolve();
      };
    });
  }

  /** Moves pieces to the owner; true once nothing whole is left. */
  #pull(): boolean {
    let done = false;
    while (!done && !this.owner.full) {
      const piece = this.#nextPiece();
      if (piece === undefined) done = true;
      else if (piece !== 'blank') this.#take(piece);
    }
    if (done) this.#endOfChunk();
    this.owner.rested();
    return done;
  }

  #nextPiece(): Piece | 'blank' | undefined {
    if (this.#message !== undefined) return this.#pieceOf(this.#message);
    const frame = this.#framer.next();
    if (frame === undefined) return undefined;
    const decoded = this.#decoder.decode(frame);
    if (decoded === undefined) return 'blank';
    const position = this.#behind === undefined ? this.#chunkEnd : this.#behind(this.#framer.used);
    const { text, replaced } = decoded;
    return { text, cut: frame.cut, replaced, fields: this.fields, position };
  }

  #pieceOf({ body, fields, position }: SourceMessage): Piece | 'blank' {
    this.#message = undefined;
    const bytes = typeof body === 'string' ? undefined : body.subarray(0, this.#limit);
    const cut = body.length > this.#limit;
    this.#decoder.restart();
    const decoded =
      bytes === undefined
        ? { text: String(body).slice(0, this.#limit), replaced: 0 }
        : this.#decoder.decode({ bytes, cut });
    this.#chunkEnd = position;
    if (decoded === undefined || decoded.text.trim() === '') return 'blank';
    return { ...decoded, text: decoded.text.replace(/[\r\n]+$/, ''), cut, fields, position };
  }

  #take(piece: Piece): void {
    const line = this.options.parse === undefined ? piece : this.#parsed(piece, this.options.parse);
    if (line === undefined) return;
    const whole = this.#joiner === undefined ? line : this.#joiner.push(line);
    if (whole !== undefined) this.owner.take(whole);
  }

  #parsed(piece: Piece, parse: NonNullable<ChannelOptions['parse']>): Piece | undefined {
    const { text, fields } = parse(piece.text);
    return text === '' ? undefined : { ...piece, text, fields: { ...piece.fields, ...fields } };
  }

  #endOfChunk(): void {
    if (this.#behind !== undefined) this.#chunkEnd = this.#behind(this.#chunkBytes);
    this.#behind = undefined;
    if (this.#flushing) {
      const last = this.#joiner?.take();
      if (last !== undefined) this.owner.take(last);
      this.#flushing = false;
      this.#decoder.restart();
    }
    if (this.#framer.holds || this.#joiner?.holds) this.#watchSilence();
    else if (this.#chunkEnd !== undefined) this.owner.passed(this.#chunkEnd);
    if (this.#closing && this.#afterFlush === undefined) this.owner.closed(this);
  }

  #watchSilence(): void {
    if (this.#idleMs === undefined) return;
    this.#callOff?.();
    this.#callOff = this.owner.after(this.#idleMs, () => this.#onSilence());
  }

  #onSilence(): void {
    this.#callOff = undefined;
    if (this.#endsBySilence) {
      this.flush();
      return;
    }
    if (this.owner.full) {
      this.#watchSilence();
      return;
    }
    const last = this.#joiner?.take();
    if (last !== undefined) this.owner.take(last);
    if (!this.#framer.holds && this.#chunkEnd !== undefined) this.owner.passed(this.#chunkEnd);
    this.owner.rested();
  }
}

function joinRules({ start, continuation, maxLines = DEFAULT_JOIN_LINES }: JoinOptions) {
  return {
    ...(start !== undefined && { start: compilePattern(start) }),
    ...(continuation !== undefined && { continuation: compilePattern(continuation) }),
    maxLines,
  };
}
