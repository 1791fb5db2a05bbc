/** golden.jsonl: a few texts with the answers that every profile gave where it was built, to hold a board's answers against. */
import type { Master } from '../bundle/making.js';
import type { DraftManifest, Workshop } from './build.js';
import { withProfile } from './evaluate.js';
import type { TrainingData } from './training-data.js';

const COUNT = 16;

/** Texts of a bundle that was built without any. */
const anyTexts = ['a', 'hello world', 'E0042: fan#3 stalled (rpm=0)', 'temperature 23.5 °C, all is well'];

/** One line a text: `{text, answers: {PROFILE: {label, score}}}`. */
export async function goldenLines(
  workshop: Workshop,
  master: Master,
  manifest: DraftManifest,
  data: TrainingData | undefined,
): Promise<string> {
  const rows = data?.evalRows.map(({ text }) => text) ?? anyTexts;
  const step = Math.max(1, Math.floor(rows.length / COUNT));
  const texts = rows.filter((_, index) => index % step === 0).slice(0, COUNT);
  const answers = texts.map((): Record<string, { label: string; score: number }> => ({}));
  for (const { profile } of manifest.ladder)
    await withProfile(workshop, master, manifest, profile, async (model) => {
      for (const [index, text] of texts.entries()) {
        const [{ label, score }] = await model.predict([text]);
        answers[index][profile] = { label, score: Number(score.toFixed(4)) };
      }
    });
  return texts.map((text, index) => `${JSON.stringify({ text, answers: answers[index] })}\n`).join('');
}
