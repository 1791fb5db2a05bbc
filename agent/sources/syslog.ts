/** Syslog over UDP and TCP, as its daemons forward it; the header becomes fields, the message is the text. */
import { addressOf } from './address.js';
import type { Source, SourceSink } from './source.js';
import { StreamServer } from './stream-server.js';
import { parseSyslog } from './syslog-message.js';
import { DEFAULT_CONNECTIONS } from './tcp.js';
import { DatagramReceiver } from './udp.js';

export class SyslogSource implements Source {
  readonly kind = 'syslog';
  readonly canWait: boolean;
  readonly readsAgain = false;
  readonly framing = { by: 'octet-count' } as const;
  #parts: readonly { stop(): Promise<void> }[] = [];

  constructor(
    readonly name: string,
    private readonly listen: string,
    private readonly protocol: 'udp' | 'tcp' | 'both' = 'both',
    private readonly maxConnections = DEFAULT_CONNECTIONS,
  ) {
    this.canWait = protocol === 'tcp';
  }

  parse(text: string) {
    return parseSyslog(text);
  }

  async start(sink: SourceSink): Promise<void> {
    const { maxConnections, protocol } = this;
    const udp = protocol === 'tcp' ? [] : [new DatagramReceiver(this.listen, sink)];
    const tcp = protocol === 'udp' ? [] : [new StreamServer({ at: addressOf(this.listen), maxConnections }, sink)];
    this.#parts = [...udp, ...tcp];
    await Promise.all([...udp, ...tcp].map((part) => part.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop()));
  }
}
