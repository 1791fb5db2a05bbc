/** golden.jsonl: a few texts with the answers that every profile gave where it was built, to hold a board's answers against. */
import type { TrainingData } from './training-data.js';

const COUNT = 16;

/** Texts of a bundle that was built without any. */
const anyTexts = ['a', 'hello world', 'E0042: fan#3 stalled (rpm=0)', 'temperature 23.5 °C, all is well'];

export interface GoldenAnswer {
  readonly text: string;
  readonly label: string;
  readonly score: number;
}

export function goldenTexts(data: TrainingData | undefined): readonly string[] {
  return data?.evalRows.map(({ text }) => text) ?? anyTexts;
}

/** Answers to texts that are spread evenly over those given. */
export function goldenOf(
  texts: readonly string[],
  answerTo: (index: number) => { readonly label: string; readonly score: number },
): GoldenAnswer[] {
  const step = Math.max(1, Math.floor(texts.length / COUNT));
  return Array.from({ length: Math.min(COUNT, Math.ceil(texts.length / step)) }, (_, i) => {
    const { label, score } = answerTo(i * step);
    return { text: texts[i * step], label, score: Number(score.toFixed(4)) };
  });
}

/** One line a text: `{text, answers: {PROFILE: {label, score}}}`. */
export function goldenLines(
  answered: readonly { readonly profile: string; readonly golden: readonly GoldenAnswer[] }[],
): string {
  const [{ golden }] = answered;
  return golden
    .map(({ text }, index) => {
      const answers = answered.map(({ profile, golden: own }) => {
        const { label, score } = own[index];
        return [profile, { label, score }] as const;
      });
      return `${JSON.stringify({ text, answers: Object.fromEntries(answers) })}\n`;
    })
    .join('');
}
