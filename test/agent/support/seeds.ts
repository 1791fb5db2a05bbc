/** Seeds that once made a random test fail, tried again before a new one. What a failing run prints goes here. */
interface Seed {
  readonly seed: number;
  readonly path?: string;
}

const kept: Readonly<Record<string, readonly Seed[]>> = {};

/** The seeds kept for a test, and a fixed one and a new one. */
export function seedsOf(test: string): Seed[] {
  return [...(kept[test] ?? []), { seed: 1 }, { seed: Date.now() % 2 ** 31 }];
}
