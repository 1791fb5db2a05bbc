/** What happens to sources and records, told in the log and as events. */
import { messageOf } from '../src/errors/index.js';
import type { Log } from './log.js';
import type { DeadLetters } from './outbox/index.js';
import type { PipelineEvent } from './pipeline.js';
import type { TextRecord } from './record.js';

type Tell = (kind: string, message: string, fields: Record<string, unknown>) => void;

export class News {
  #failed = 0;

  constructor(
    private readonly log: Log,
    private readonly event: Tell,
    private readonly deadLetters: Pick<DeadLetters, 'add'>,
  ) {}

  tell(news: PipelineEvent): void {
    if (news.kind === 'record-failed') {
      this.#recordFailed(news.record, news.error);
      return;
    }
    const { kind, source } = news;
    const words = {
      'source-lost': 'is lost',
      'source-back': 'is back',
      'source-missed': 'missed something',
      'source-ended': 'has ended',
    }[kind];
    const why = 'reason' in news ? news.reason : news.kind === 'source-ended' ? news.problem?.message : undefined;
    const message = `source '${source}' ${words}${why === undefined ? '' : `: ${why}`}`;
    if (why === undefined) this.log.info(message);
    else this.log.warn(message);
    this.event(kind, message, { source });
  }

  /** The first one is told, then the tenth, the hundredth: a bad stream must not flood the log. */
  #recordFailed({ source, seq, text }: TextRecord, error: unknown): void {
    this.#failed++;
    const reason = `the model could not answer it: ${messageOf(error)}`;
    this.deadLetters.add({ what: 'record', source, seq, reason, content: text });
    if (!/^10*$/.test(String(this.#failed))) return;
    const message = `a record could not be answered: ${messageOf(error)}`;
    this.log.error({ source, seq, count: this.#failed }, message);
    this.event('record-failed', message, { source, seq, count: this.#failed });
  }
}
