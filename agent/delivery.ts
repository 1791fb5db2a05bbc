/** Batches on their way to whoever takes the predictions: one call at a time, in order; what was taken is settled. */
import type { PredictedRecord, TextRecord } from './record.js';

export interface DeliveryOptions {
  readonly onPredictions: (records: readonly PredictedRecord[]) => void | Promise<void>;
  /** These were taken, or could not be answered. */
  readonly settle: (records: readonly TextRecord[]) => void;
  readonly onFailure: () => void;
}

export class Delivery {
  /** Set once the consumer has thrown: nothing is handed on any more. */
  failure: { readonly error: unknown } | undefined;
  #open: Promise<void> | undefined;

  constructor(private readonly options: DeliveryOptions) {}

  /** Resolves when nothing is being taken. */
  get ended(): Promise<void> {
    return this.#open ?? Promise.resolve();
  }

  /** Hands a batch on once the one before was taken; resolves while this one is being taken. */
  async hand(answered: readonly PredictedRecord[], asked: readonly TextRecord[]): Promise<void> {
    await this.#open;
    if (this.failure !== undefined) return;
    const { onPredictions, settle } = this.options;
    try {
      const taken = answered.length > 0 ? onPredictions(answered) : undefined;
      if (taken === undefined) settle(asked);
      else this.#open = taken.then(() => settle(asked)).catch((error: unknown) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.failure = { error };
    this.options.onFailure();
  }
}
