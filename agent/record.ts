/** What flows through the agent: one framed piece of text, and the same with what the model said of it. */
import type { Prediction } from '../src/infer/types.js';
import type { ReadPosition } from './sources/source.js';

/** One framed piece of text. */
export interface TextRecord {
  /** Name of the source it came from. */
  readonly source: string;
  /** Number of this record in its source, from 1, over restarts (`ReadUpTo`). A gap is a record that the queue dropped or sampling left out. */
  readonly seq: number;
  /** When it was framed, ISO 8601 in UTC. Records framed from one chunk of bytes share it. */
  readonly ts: string;
  /** The same moment on the process's own clock, in ms, for durations: it neither steps nor stands for a time of day. */
  readonly framedAtMs: number;
  readonly text: string;
  /** True where the record was longer than the source's limit; the rest of it was dropped. */
  readonly cut?: true;
  /** How many sequences of bytes that are invalid in the source's encoding became U+FFFD; left out where there were none. */
  readonly replaced?: number;
  /** What `pick.ids` names, so that its result can be traced back; published with the result as `ids`. */
  readonly ids?: Readonly<Record<string, string>>;
  /** Where its source reads on behind it; to be kept with its result and `seq` in one write. See agent/sources/source.ts. */
  readonly position?: ReadPosition;
}

/** A record that the model has answered. */
export interface PredictedRecord extends TextRecord {
  readonly prediction: Prediction;
  /**
   * The model's own service time for this text, in ms: the time that its batch took, divided by the texts in it. Time spent
   * waiting in the queue is not in it.
   */
  readonly latencyMs: number;
  /** The profile that answered, written `w1.00-p0.00-q8`. */
  readonly profile: string;
}
