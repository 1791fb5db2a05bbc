/**
 * Commands from the broker: checked, written into the journal, run one after the other, answered.
 *
 * Invariants: only an `init` starts anything; nothing runs before the journal has it; an id that the journal knows never runs
 * again, its end is told again instead (until the requester has cleared its topic: then it is a new command); whatever was begun ends as `successful` or `failed`, after a crash at the next start.
 */
import { messageOf, SnugError } from '../../src/errors/index.js';
import {
  argumentsJsonSchema,
  type CommandFailure,
  type CommandInit,
  type CommandOutcome,
  decode,
  encode,
  parseTopic,
  placesOf,
  topics,
} from '../../src/protocol/index.js';
import { type Clock, timestamp, within } from '../clock.js';
import type { Log } from '../log.js';
import type { Announcement, IncomingMessage, Published, PublishOptions } from '../uplink/index.js';
import { Journal, type JournalEntry } from './journal.js';
import { Lanes, MOST_WAITING } from './lanes.js';
import { type CommandName, HANDED_OVER, type Operation, type OperationContext, type Progress } from './operation.js';

/** Refusals on their way to the broker; in a storm of nonsense, more are not answered. */
const MOST_REFUSALS = 256;
/** Longer fields of a requester are not repeated in the states. */
const LONGEST_FIELDS = 4096;
const OPERATION_LIMIT_MS = 60_000;
const REFUSED_ANSWER = 'it has ended, but the broker refuses the answer: it may be longer than the broker takes';
/** How long `stop` waits for the command that runs; later it is `interrupted` at the next start. */
const STOP_LIMIT_MS = 1000;

export interface CommandsOptions {
  readonly device: string;
  readonly operations: readonly Operation[];
  readonly context: Omit<OperationContext, 'stopping'>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** Publishes with QoS 1. */
  readonly publish: (topic: string, payload: string, options?: PublishOptions) => Promise<Published>;
  readonly onEvent: (kind: string, message: string, fields: Record<string, unknown>) => void;
  /** How a command ended that was begun before this agent; `open` where that is told later (`finish`). Default: interrupted. */
  readonly endOf?: (entry: JournalEntry) => CommandOutcome | 'open' | undefined;
}

interface Waiting {
  readonly operation: Operation;
  readonly id: string;
  readonly args: unknown;
  readonly expiresAt: string | undefined;
  readonly fields: Record<string, unknown> | undefined;
  readonly reply: JournalEntry['reply'];
}

export class Commands {
  readonly #options: CommandsOptions;
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #topics: ReturnType<typeof topics>;
  readonly #lanes = new Lanes<Waiting>((command) => this.#runOne(command));
  readonly #stopping = new AbortController();
  readonly #active = new Set<string>();
  /** Cleared by the requester while they ran: their end is told, but not kept at the broker. */
  readonly #cleared = new Set<string>();
  /** Ends that are on their way to the broker. */
  readonly #telling = new Set<string>();
  #refusals = 0;
  #unanswered = 0;

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#operations = new Map(options.operations.map((each) => [each.name, each]));
    this.#topics = topics(options.device);
  }

  /** Reads the journal; a command that was running when the agent ended has failed. Throws `STATE_UNUSABLE`. */
  async start(): Promise<void> {
    const { journal, log, onEvent } = this.#options;
    const damaged = await journal.open();
    if (damaged > 0) log.warn(`the journal of commands had ${damaged} damaged lines; they were left out`);
    for (const entry of journal.entries()) {
      if (entry.outcome) continue;
      const { operation, id } = entry;
      const end = this.#options.endOf?.(entry) ?? failure('interrupted', 'the agent ended while the command ran');
      if (end === 'open') continue;
      await journal.end(entry, end);
      if (end.status === 'successful' || end.code !== 'interrupted') continue;
      onEvent('command-interrupted', `${operation}/${id} was interrupted`, { operation, id });
    }
  }

  /** Begins nothing more, and says so to those that wait; gives what runs a little time. The journal stays open. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { operation, id, reply, fields } of this.#lanes.close())
      this.#refuse(operation.name, id, reply, fields, failure('interrupted', 'not run: the agent ends'));
    await within(this.#options.clock, STOP_LIMIT_MS, this.#lanes.ended());
  }

  /** Ends a command that an agent before this one has begun and handed over. */
  async finish({ operation, id }: CommandName, outcome: CommandOutcome): Promise<void> {
    const entry = this.#options.journal.find(operation, id);
    if (entry && !entry.outcome) await this.#end(entry, outcome);
  }

  /** One retained message for each operation, with the JSON Schema of its arguments. */
  announcements(): Announcement[] {
    const ts = timestamp(this.#options.clock);
    return this.#options.operations.map(({ name, description, arguments: schema }) => ({
      topic: this.#topics.capability(name),
      payload: encode('capability', { v: 1, ts, description, arguments: argumentsJsonSchema(schema) }),
    }));
  }

  /** The link is up: ends that the broker does not have yet are told. */
  tellEnds(): void {
    for (const entry of this.#options.journal.entries()) {
      const key = Journal.key(entry.operation, entry.id);
      const underWay = this.#active.has(key) || this.#telling.has(key);
      if (entry.outcome && !entry.told && !underWay) void this.#tell(entry);
    }
  }

  /** Takes a message from a command's topic. Never throws. */
  handle(message: IncomingMessage): void {
    const topic = parseTopic(message.topic);
    if (topic?.kind !== 'command' || topic.device !== this.#options.device) return;
    const { operation: name, id } = topic;
    const key = Journal.key(name, id);
    if (message.payload.length === 0) {
      if (this.#active.has(key) || this.#telling.has(key)) this.#cleared.add(key);
      else this.#forget(name, id);
      return;
    }
    const reply = this.#replyOf(message);
    try {
      const init = initOf(message.payload);
      if (init) this.#take(name, id, init, reply);
    } catch (error) {
      this.#refuse(name, id, reply, undefined, failure('invalid-message', messageOf(error)));
    }
  }

  #take(name: string, id: string, init: CommandInit, reply: JournalEntry['reply']): void {
    const known = this.#options.journal.find(name, id);
    if (known?.outcome) void this.#tell(known);
    if (known || this.#active.has(Journal.key(name, id))) return;
    const { v: _v, ts: _ts, status: _status, expiresAt, ...args } = init;
    const own: Record<string, unknown> = { ...args, ...(expiresAt !== undefined && { expiresAt }) };
    const operation = this.#operations.get(name);
    for (const unrepeated of operation?.unrepeated ?? []) delete own[unrepeated];
    const fields = JSON.stringify(own).length <= LONGEST_FIELDS ? own : undefined;
    const objection = this.#objectionTo(name, operation, args, expiresAt);
    if (!operation || objection) {
      if (objection) this.#refuse(name, id, reply, fields, objection);
      return;
    }
    this.#active.add(Journal.key(name, id));
    this.#lanes.add(operation.lane ?? 'changing', { operation, id, args, expiresAt, fields, reply });
  }

  /** Why a command is not taken, or undefined. */
  #objectionTo(
    name: string,
    operation: Operation | undefined,
    args: unknown,
    expiresAt: string | undefined,
  ): CommandOutcome | undefined {
    if (!operation)
      return failure(
        'unknown-operation',
        `there is no operation '${name}'; those that exist are at ${this.#topics.root}/cmd/+`,
      );
    if (this.#expired(expiresAt)) return failure('expired', `it was to be run before ${expiresAt}`);
    const checked = operation.arguments.safeParse(args);
    if (!checked.success) return failure('invalid-arguments', placesOf(checked.error));
    if (this.#lanes.isFull(operation.lane ?? 'changing'))
      return failure('busy', `${MOST_WAITING} commands are waiting already`);
    return undefined;
  }

  async #runOne(command: Waiting): Promise<void> {
    const key = Journal.key(command.operation.name, command.id);
    try {
      await this.#run(command);
    } catch (error) {
      this.#options.log.error({ command: key }, `a command went wrong: ${messageOf(error)}`);
    } finally {
      this.#active.delete(key);
      if (!this.#telling.has(key)) this.#cleared.delete(key);
    }
  }

  async #run(command: Waiting): Promise<void> {
    const { journal, clock, log } = this.#options;
    const { operation, id, expiresAt, fields, reply } = command;
    const refuse = (outcome: CommandOutcome) => this.#refuse(operation.name, id, reply, fields, outcome);
    if (this.#expired(expiresAt)) return refuse(failure('expired', `it was to be run before ${expiresAt}`));
    const entry: JournalEntry = {
      operation: operation.name,
      id,
      begunMs: clock.now(),
      ...(fields && { fields }),
      ...(reply && { reply }),
    };
    try {
      await journal.begin(entry);
    } catch (error) {
      return refuse(failure('error', `not run: the journal can't be written: ${messageOf(error)}`));
    }
    log.info({ operation: operation.name, id }, 'a command runs');
    void this.#publishState(entry, { status: 'executing' });
    const outcome = await this.#outcomeOf(command, (progress) => {
      void this.#publishState(entry, { status: 'executing', progress });
    });
    if (outcome !== HANDED_OVER) await this.#end(entry, outcome);
  }

  async #end(entry: JournalEntry, outcome: CommandOutcome): Promise<void> {
    const { journal, log } = this.#options;
    const { operation, id } = entry;
    let ended: JournalEntry = { ...entry, outcome };
    try {
      ended = await journal.end(entry, outcome);
    } catch (error) {
      log.error({ operation, id }, `a command's end can't be kept: ${messageOf(error)}`);
    }
    void this.#tell(ended);
  }

  async #outcomeOf({ operation, id, args }: Waiting, progress: Progress): Promise<CommandOutcome | typeof HANDED_OVER> {
    const { clock } = this.#options;
    const command = { operation: operation.name, id };
    const context = { ...this.#options.context, command, stopping: this.#stopping.signal };
    const { limitMs = OPERATION_LIMIT_MS } = operation;
    let ended = false;
    try {
      const run = operation.run(args, context, (how) => {
        if (!ended) progress(how); // an end is the last word
      });
      if (!(await within(clock, limitMs, run))) return failure('error', `it did not end within ${limitMs / 1000} s`);
      const result = await run;
      return result === HANDED_OVER ? result : { status: 'successful', result };
    } catch (error) {
      return { ...failure('error', messageOf(error)), ...(error instanceof SnugError && { error: error.code }) };
    } finally {
      ended = true;
    }
  }

  /** Tells a command's end, on its topic and where the requester asked for it. */
  async #tell(entry: JournalEntry): Promise<void> {
    if (!entry.outcome) return;
    const key = Journal.key(entry.operation, entry.id);
    this.#telling.add(key);
    let published = await this.#publishState(entry, entry.outcome);
    if (published === 'refused') published = await this.#publishState(entry, failure('error', REFUSED_ANSWER));
    this.#telling.delete(key);
    if (this.#cleared.delete(key)) return this.#forget(entry.operation, entry.id);
    if (published === 'not yet') return; // told when the link is back
    await this.#options.journal.told(entry).catch((error: unknown) => {
      this.#options.log.error(`the journal of commands can't be written: ${messageOf(error)}`);
    });
  }

  /** The requester has cleared the topic: the command's life is over, its id is free. */
  #forget(operation: string, id: string): void {
    this.#options.journal.forget(operation, id).catch((error: unknown) => {
      this.#options.log.error(`the journal of commands can't be written: ${messageOf(error)}`);
    });
  }

  /** Publishes a state; an end goes to the response topic too [MQTT 5, 4.10]. */
  #publishState(
    { operation, id, fields, reply }: Pick<JournalEntry, 'operation' | 'id' | 'fields' | 'reply'>,
    state: CommandOutcome | { readonly status: 'executing'; readonly progress?: unknown },
  ): Promise<Published> {
    const { clock, publish } = this.#options;
    const payload = encode('command', { ...fields, v: 1, ts: timestamp(clock), ...state });
    const retain = !this.#cleared.has(Journal.key(operation, id));
    const published = publish(this.#topics.command(operation, id), payload, { retain });
    if (reply && state.status !== 'executing') {
      const correlationData = reply.correlation === undefined ? undefined : Buffer.from(reply.correlation, 'base64');
      void publish(reply.topic, payload, { correlationData });
    }
    return published;
  }

  /** Answers `failed` to what was not begun. Nothing ran, so the journal need not know. */
  #refuse(
    operation: string,
    id: string,
    reply: JournalEntry['reply'],
    fields: Record<string, unknown> | undefined,
    outcome: CommandOutcome,
  ): void {
    const { log } = this.#options;
    if (this.#refusals >= MOST_REFUSALS) {
      if (this.#unanswered++ === 0) log.warn('more commands are refused than can be answered');
      return;
    }
    log.info({ operation, id, ...outcome }, 'a command was refused');
    this.#refusals++;
    void this.#publishState({ operation, id, fields, reply }, outcome).finally(() => {
      this.#refusals--;
      if (this.#refusals === 0) this.#unanswered = 0;
    });
  }

  #expired(expiresAt: string | undefined): boolean {
    return expiresAt !== undefined && Date.parse(expiresAt) <= this.#options.clock.now();
  }

  /** Where the requester wants the answer too. Our own topics are no place for it: they would say what isn't so. */
  #replyOf({ responseTopic, correlationData }: IncomingMessage): JournalEntry['reply'] {
    if (!responseTopic || /[+#]/.test(responseTopic) || responseTopic.startsWith(`${this.#topics.root}/`))
      return undefined;
    return { topic: responseTopic, ...(correlationData && { correlation: correlationData.toString('base64') }) };
  }
}

/** The command's init; undefined for a state (our own, come back). Throws `MESSAGE_INVALID`. */
function initOf(payload: Buffer): CommandInit | undefined {
  const message = decode('command', payload);
  return message.status === 'init' ? (message as CommandInit) : undefined;
}

function failure(code: CommandFailure, reason: string): CommandOutcome {
  return { status: 'failed', code, reason };
}
