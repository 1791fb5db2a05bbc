/**
 * Who wrote on this device's status topic. Every status that this process has said, or left as a will, is remembered: what was
 * said meanwhile by none of them is another's. Not every broker tells a client that another took its connection over.
 */
import { messages, type Payloads } from '../../src/protocol/index.js';

type Status = Payloads['status'];

/** Wills of tries that came to nothing: a long time without a broker has any number of them. */
const MOST_REMEMBERED = 64;
/** Longer ones are none. */
const LONGEST_BYTES = 4096;

/** `broken`: no status. `earlier`: not said by this process, and maybe by one before it. */
export type Author = 'self' | 'earlier' | 'another' | 'broken';

export class OwnStatus {
  readonly #said = new Set<string>();
  /** The newest `online`, and the will behind it: the broker still has one of them after whatever time. */
  #online: readonly string[] = [];
  #will = '';

  /** `sinceMs`: when this process began, in ms since 1970. */
  constructor(private readonly sinceMs: number) {}

  /** It is about to be said, or left as a will. */
  remember(status: Status): void {
    const name = nameOf(status);
    if (status.state === 'online') this.#online = [name, this.#will];
    else this.#will = name;
    this.#said.add(name);
    for (const oldest of this.#said) {
      if (this.#said.size <= MOST_REMEMBERED) return;
      this.#said.delete(oldest);
    }
  }

  /** What a message on the topic says, and who wrote it. */
  read(payload: Buffer): { readonly state?: Status['state']; readonly author: Author } {
    const status = payload.length <= LONGEST_BYTES ? parsed(payload) : undefined;
    if (!status) return { author: 'broken' };
    const { state, ts } = status;
    const name = nameOf(status);
    if (this.#said.has(name) || this.#online.includes(name)) return { state, author: 'self' };
    return { state, author: Date.parse(ts) > this.sinceMs ? 'another' : 'earlier' };
  }
}

function nameOf({ state, session, ts }: Status): string {
  return `${state} ${session} ${ts}`;
}

function parsed(payload: Buffer): Status | undefined {
  try {
    return messages.status.safeParse(JSON.parse(payload.toString())).data;
  } catch {
    return undefined;
  }
}
