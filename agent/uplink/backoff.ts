/** How long to wait before the next try: from half a second to a minute, doubled each time, with jitter. */
const FIRST_MS = 500;
const LONGEST_MS = 60_000;

export class Backoff {
  #tries = 0;

  constructor(private readonly random: () => number) {}

  /** The next wait in ms: between half of the current step and all of it, so that a fleet doesn't come back at once. */
  nextMs(): number {
    const stepMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#tries++, 20));
    return stepMs * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.#tries = 0;
  }
}
