/** From logits to an answer: calibrated probability, and refusal of texts that belong to no label. */
import type { Calibration, Manifest } from '../bundle/manifest.js';
import type { Prediction } from './types.js';

export interface Decision {
  readonly labels: readonly string[];
  readonly noneLabel: string;
  readonly problem: 'single' | 'multi';
  readonly calibration: Calibration;
}

/** How a profile of a bundle decides. */
export function decisionOf(
  { labels, noneLabel, head, calibrations }: Pick<Manifest, 'labels' | 'noneLabel' | 'head' | 'calibrations'>,
  profile: string,
): Decision {
  return { labels, noneLabel, problem: head.problem, calibration: calibrations[profile] ?? { temperature: 1 } };
}

/** Probabilities from logits divided by the temperature. */
export function softmax(logits: Float32Array, temperature: number): Float32Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  const probabilities = new Float32Array(logits.length);
  for (let i = 0; i < logits.length; i++) {
    probabilities[i] = Math.exp((logits[i] - largest) / temperature);
    sum += probabilities[i];
  }
  for (let i = 0; i < logits.length; i++) probabilities[i] /= sum;
  return probabilities;
}

/** How well a text fits any label at all: standardised largest logit plus standardised similarity to a prototype. */
export function fitness(
  largestLogit: number,
  similarity: number,
  refusal: NonNullable<Calibration['refusal']>,
): number {
  return (
    (largestLogit - refusal.logitMean) / refusal.logitStd +
    (similarity - refusal.similarityMean) / refusal.similarityStd
  );
}

export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The answer to one text. `similarity` is needed where the calibration can refuse. */
export function decide(logits: Float32Array, similarity: number | undefined, how: Decision): Prediction {
  const { labels, calibration } = how;
  if (how.problem === 'multi') return decideMany(logits, how);
  const best = argmax(logits);
  const score = softmax(logits, calibration.temperature)[best];
  const { refusal } = calibration;
  if (refusal && similarity !== undefined && fitness(logits[best], similarity, refusal) < refusal.threshold)
    return { label: how.noneLabel, score, refused: true };
  return { label: labels[best], score };
}

/** Every label stands for itself: those at one half or more count, and where none does the text is refused. */
function decideMany(logits: Float32Array, { labels, noneLabel, calibration }: Decision): Prediction {
  const scored = Array.from(logits, (logit, i) => ({
    label: labels[i],
    score: 1 / (1 + Math.exp(-logit / calibration.temperature)),
  })).sort((a, b) => b.score - a.score);
  const [best] = scored;
  const chosen = scored.filter(({ score }) => score >= 0.5);
  if (chosen.length === 0) return { label: noneLabel, score: best.score, refused: true, labels: [] };
  return { label: best.label, score: best.score, labels: chosen };
}
