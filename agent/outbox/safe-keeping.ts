/** Tells when entries are safe from the end of the process: on disk, or at the broker. */
export class SafeKeeping {
  readonly #waiting = new Set<{ readonly left: Set<number>; readonly resolve: () => void }>();

  /** Resolves when all of them are safe. */
  wait(numbers: readonly number[]): Promise<void> {
    if (numbers.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add({ left: new Set(numbers), resolve });
    });
  }

  safe(number: number): void {
    for (const each of this.#waiting) {
      each.left.delete(number);
      if (each.left.size > 0) continue;
      this.#waiting.delete(each);
      each.resolve();
    }
  }

  get waits(): boolean {
    return this.#waiting.size > 0;
  }
}
