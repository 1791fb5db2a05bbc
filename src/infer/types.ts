/** What a loaded model gives to those who use it: the agent's pipeline, the command line, the library. */

/** What the model said of one text. */
export interface Prediction {
  /** The label with the highest score; the bundle's refusal label (`none` unless named otherwise) where the text was refused. */
  readonly label: string;
  /** Calibrated probability of the best label, 0 to 1, also where the text was refused. */
  readonly score: number;
  /** True where the text belongs to no label. */
  readonly refused?: true;
  /** Multi-label models: every label whose probability is at least one half, best first. */
  readonly labels?: readonly { readonly label: string; readonly score: number }[];
  /** True where the text was longer than the model's longest text and was cut. */
  readonly truncated?: true;
}

/** A model in memory. Calls may overlap; they are served one after the other. */
export interface Model {
  /** The profile in force, written `w1.00-p0.00-q8`. */
  readonly profile: string;
  readonly labels: readonly string[];
  /** The label that a refusal answers with. */
  readonly noneLabel: string;
  /** How long loading it kept the event loop in one piece, in ms. */
  readonly openMs?: number;
  /** One prediction a text, in the order given. Texts of one length share a batch; a text runs at its own length. */
  predict(texts: readonly string[]): Promise<Prediction[]>;
  /** One pooled vector a text (hidden size), in the order given. */
  embed(texts: readonly string[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

export interface LoadOptions {
  /** A profile by name, or `auto` where the library chooses it by the board; default `w1.00-p0.00-q8`. */
  readonly profile?: string;
  /** Threads inside one operator; default 1. */
  readonly threads?: number;
}
