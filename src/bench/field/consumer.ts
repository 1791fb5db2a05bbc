/** A consumer that hears all results of a device, over breaks too, and says what is missing, doubled or out of order. */
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';

interface Heard {
  readonly seq: number;
  readonly text?: string;
}

export interface Account {
  readonly records: number;
  readonly lost: number;
  /** The same record again, told by its number. */
  readonly doubled: number;
  /** Numbers that stand for two texts, gaps, or texts in another order than they were sent. */
  readonly wrong: number;
}

export class Consumer {
  /** Predictions by source, as they came. */
  readonly heard = new Map<string, Heard[]>();
  readonly #distinct = new Map<string, Set<number>>();
  readonly events: Record<string, unknown>[] = [];
  /** Of every telemetry message. */
  readonly uptimesMs: number[] = [];
  /** The newest status of the device. */
  state: string | undefined;
  onResult: (source: string, predictions: readonly Heard[], historical: boolean) => void = () => undefined;
  #client: MqttClient | undefined;

  constructor(
    private readonly url: string,
    private readonly device: string,
  ) {}

  /** Resolves once it listens. */
  async listen(): Promise<void> {
    await this.#client?.endAsync(true);
    const root = `snug/v1/${this.device}`;
    const client = await connectAsync(this.url, {
      protocolVersion: 5,
      clientId: `consumer-${this.device}`,
      reconnectPeriod: 0,
    });
    client.on('error', () => undefined);
    client.on('message', (topic, payload) => {
      if (payload.length === 0) return;
      const message = JSON.parse(payload.toString());
      if (topic === `${root}/status`) this.state = message.state;
      else if (topic === `${root}/event`) this.events.push(message);
      else if (topic === `${root}/telemetry`) this.uptimesMs.push(message.uptimeMs);
      else this.#hear(topic.slice(`${root}/result/`.length), message);
    });
    await client.subscribeAsync([`${root}/result/+`, `${root}/status`, `${root}/event`, `${root}/telemetry`], {
      qos: 1,
    });
    this.#client = client;
  }

  async end(): Promise<void> {
    await this.#client?.endAsync(true);
  }

  /** How many different records of a source came. */
  count(source: string): number {
    return this.#distinct.get(source)?.size ?? 0;
  }

  /** Resolves once so many different records came; false where that takes too long. */
  async until(source: string, count: number, limitMs: number): Promise<boolean> {
    const endMs = performance.now() + limitMs;
    while (this.count(source) < count) {
      if (performance.now() > endMs) return false;
      await pause(50);
    }
    return true;
  }

  /** What came of a source, against the texts that were given to it. */
  account(source: string, sent: readonly string[]): Account {
    const heard = this.heard.get(source) ?? [];
    const bySeq = new Map<number, string>();
    let wrong = 0;
    for (const { seq, text = '' } of heard) {
      if ((bySeq.get(seq) ?? text) !== text) wrong++;
      bySeq.set(seq, text);
    }
    const seqs = [...bySeq.keys()].sort((a, b) => a - b);
    const got = seqs.map((seq) => bySeq.get(seq) ?? '');
    const came = new Set(got);
    const lost = sent.filter((text) => !came.has(text)).length;
    if (lost === 0) wrong += got.filter((text, at) => text !== sent[at]).length;
    wrong += seqs.filter((seq, at) => seq !== seqs[0] + at).length;
    return { records: sent.length, lost, doubled: heard.length - bySeq.size, wrong };
  }

  #hear(source: string, message: { predictions: Heard[]; historical?: true }): void {
    const known = this.heard.get(source);
    const heard = message.predictions.map(({ seq, text }) => ({ seq, ...(text !== undefined && { text }) }));
    if (known) known.push(...heard);
    else this.heard.set(source, heard);
    const distinct = this.#distinct.get(source) ?? new Set();
    this.#distinct.set(source, distinct);
    for (const { seq } of heard) distinct.add(seq);
    this.onResult(source, heard, message.historical === true);
  }
}
