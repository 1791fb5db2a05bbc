/** What a report is made of; report.json is exactly this. */

export interface ReportProfile {
  /** `w0.50-p0.25-q8`, or `bag-q8` for averaged embeddings without attention layers. */
  readonly profile: string;
  /** What is particular about it, in a few words. */
  readonly note?: string;
  /** Over all eval rows; absent where the bundle was built without data. */
  readonly accuracy?: number;
  readonly inScopeTop1?: number;
  readonly inScopeAccuracy?: number;
  readonly outOfScopeRecall?: number;
  readonly params: number;
  readonly weightBytes: number;
  readonly macsPerToken: number;
  /** One text at a time, on one thread, on the machine named; null where it was not measured. */
  readonly latencyMs: { readonly p50: number; readonly p95: number } | null;
  readonly rssAnonBytes: number | null;
  readonly rssBytes: number | null;
  /** Another profile that is at least as accurate and costs no more. */
  readonly dominatedBy?: string;
}

export interface ReportFile {
  readonly file: string;
  readonly rows: number;
}

/** What was known after a step. */
export interface TrainingPoint {
  readonly step: number;
  readonly loss: number;
  /** Share of the eval rows that are right, where it was measured then. */
  readonly accuracy?: number;
}

export interface TrainingCurve {
  readonly phase: string;
  readonly points: readonly TrainingPoint[];
}

export interface ReportData {
  readonly bundle: {
    readonly name: string;
    readonly checkpoint: string;
    readonly licence: string | null;
    readonly labels: number;
    readonly bytes?: number;
    readonly recipe: string;
    readonly store: string;
  };
  readonly data: { readonly train: ReportFile | null; readonly evaluation: ReportFile | null };
  /** `snug 0.1.0`. */
  readonly tool: string;
  readonly command: string;
  /** ISO 8601. */
  readonly created: string;
  /** How long the build took. */
  readonly seconds: number;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly node: string;
    readonly onnxruntime: string;
    readonly instructionSet: string;
  };
  readonly profiles: readonly ReportProfile[];
  /** Where the network was trained. */
  readonly training?: readonly TrainingCurve[];
}
