/** A model of a few words, so that the pipeline's tests need no weights: the first known word in a text is its label. */
import type { Model, Prediction } from '../../../src/infer/types.js';

export interface KeywordModel extends Pick<Model, 'predict' | 'profile'> {
  /** The texts of every call, in order. */
  readonly calls: (readonly string[])[];
  /** Holds every later call until it is released. */
  hold(): { release(): void };
}

export function keywordModel(words: readonly string[] = ['balance', 'weather']): KeywordModel {
  const calls: (readonly string[])[] = [];
  let gate: Promise<void> = Promise.resolve();
  return {
    profile: 'w1.00-p0.00-q8',
    calls,
    hold() {
      let release = () => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return { release: () => release() };
    },
    async predict(texts) {
      calls.push(texts);
      await gate;
      if (texts.some((text) => text.includes('poison'))) throw new Error('the model chokes on poison');
      return texts.map((text): Prediction => {
        const label = words.find((word) => text.includes(word));
        return label === undefined ? { label: 'none', score: 0.1, refused: true } : { label, score: 0.9 };
      });
    },
  };
}
