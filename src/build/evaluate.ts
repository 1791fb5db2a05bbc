/** Makes every profile for real, asks it the eval rows one at a time, and calibrates it on its own answers. */
import { rm } from 'node:fs/promises';
import { type Calibration, networkOf, parseProfile, type Rung } from '../bundle/index.js';
import { type Master, planFrom, writeProfile } from '../bundle/making.js';
import { percentiles } from '../evaluate/percentiles.js';
import { decide, decisionOf, EncoderSession, LoadedModel, type RawAnswer } from '../infer/index.js';
import { countMacsPerToken, countParams } from '../model/index.js';
import { calibrate, measure, outcomeOf } from '../train/index.js';
import type { Workshop } from './build.js';
import type { DraftManifest } from './draft-manifest.js';
import { type GoldenAnswer, goldenOf, goldenTexts } from './golden.js';
import { measureMemory } from './measure-memory.js';
import type { TrainingData } from './training-data.js';

export interface EvaluatedProfile {
  readonly rung: Rung;
  readonly calibration: Calibration;
  readonly golden: readonly GoldenAnswer[];
  /** On this machine; for the report. Null where there are no texts to measure with, or the kernel doesn't say. */
  readonly latencyMs: { readonly p50: number; readonly p95: number } | null;
  readonly rssAnonBytes: number | null;
  readonly rssBytes: number | null;
}

/** @param data without it, profiles are made and sized, but nothing is known of their accuracy */
export async function evaluateProfiles(
  workshop: Workshop,
  master: Master,
  draft: DraftManifest,
  data: TrainingData | undefined,
): Promise<EvaluatedProfile[]> {
  const evaluated: EvaluatedProfile[] = [];
  for (const { profile } of draft.ladder)
    evaluated.push(
      await workshop.place.step(`profile ${profile}`, () => evaluateOne(workshop, master, draft, data, profile)),
    );
  return evaluated;
}

async function evaluateOne(
  workshop: Workshop,
  master: Master,
  draft: DraftManifest,
  data: TrainingData | undefined,
  profile: string,
): Promise<EvaluatedProfile> {
  const network = networkOf(draft, profile);
  const { plan, source } = await planFrom(master, network);
  const folder = workshop.place.path(profile);
  try {
    const { modelPath, weightBytes } = await writeProfile(plan, source, folder);
    const size = {
      profile,
      params: countParams(network.shape, network.options),
      weightBytes,
      macsPerToken: countMacsPerToken(network.shape),
    };
    const model = new LoadedModel({
      profile,
      tokenizer: workshop.tokenizer,
      session: await EncoderSession.open(modelPath, { threads: 1 }),
      bits: parseProfile(profile).bits,
      decision: decisionOf(draft, profile),
    });
    try {
      const texts = data?.evalRows.map(({ text }) => text) ?? goldenTexts(undefined);
      const { answers, times } = await answerOneByOne(workshop, model, texts, profile);
      const judged = data && judge(draft, profile, data, answers, workshop.options.refuse);
      const calibration = judged?.calibration ?? { temperature: 1 };
      const how = { ...decisionOf(draft, profile), calibration };
      return {
        rung: { ...size, ...judged?.metrics },
        calibration,
        golden: goldenOf(texts, (index) => decide(answers[index].logits, answers[index].similarity, how)),
        latencyMs: data ? percentiles(times) : null,
        ...(draft.recipe === 'head' ? unmeasured : await measureMemory(workshop, draft, modelPath, texts)),
      };
    } finally {
      await model.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A recipe with a few profiles has no report to fill. */
const unmeasured = { rssAnonBytes: null, rssBytes: null };

async function answerOneByOne(workshop: Workshop, model: LoadedModel, texts: readonly string[], profile: string) {
  const answers: RawAnswer[] = [];
  const times: number[] = [];
  for (const text of texts) {
    const started = performance.now();
    // One scale serves a whole 8-bit batch, so an answer is only its own when the text runs alone.
    const [answer] = await model.answers([text]);
    times.push(performance.now() - started);
    answers.push({ ...answer, logits: answer.logits.slice() });
    workshop.options.onProgress(`measuring ${profile}`, answers.length, texts.length);
  }
  return { answers, times };
}

function judge(
  draft: DraftManifest,
  profile: string,
  data: TrainingData,
  answers: readonly RawAnswer[],
  refuseShare: number,
) {
  const numbers = new Map(data.labels.map((label, index) => [label, index]));
  const judged = answers.map(({ logits, similarity }, row) => ({
    logits,
    similarity,
    label: numbers.get(data.evalRows[row].label),
  }));
  const calibration = calibrate(judged, refuseShare);
  const how = { ...decisionOf(draft, profile), calibration };
  const { accuracy, inScopeTop1, inScopeAccuracy, outOfScopeRecall } = measure(
    answers.map((answer, row) => outcomeOf(answer, data.evalRows[row].label, how)),
  );
  const metrics = {
    accuracy,
    inScopeTop1: inScopeTop1 ?? undefined,
    inScopeAccuracy: inScopeAccuracy ?? undefined,
    outOfScopeRecall: outOfScopeRecall ?? undefined,
  };
  return { calibration, metrics };
}

/** Marks the profiles that another one beats: at least as accurate, with no more bytes and no more multiplications. */
export function withDominated(ladder: readonly Rung[]): Rung[] {
  const cost = (a: Rung, b: Rung) => a.weightBytes - b.weightBytes || a.macsPerToken - b.macsPerToken;
  return ladder.map((rung, index) => {
    const { accuracy } = rung;
    if (accuracy === undefined) return rung;
    const better = ladder.filter(
      (other, at) =>
        at !== index &&
        (other.accuracy ?? 0) >= accuracy &&
        other.weightBytes <= rung.weightBytes &&
        other.macsPerToken <= rung.macsPerToken &&
        // Of two that are alike in all, the first one stays.
        (at < index || other.accuracy !== accuracy || cost(other, rung) !== 0),
    );
    const [best] = better.toSorted((a, b) => (b.accuracy ?? 0) - (a.accuracy ?? 0) || cost(a, b));
    return best ? { ...rung, dominatedBy: best.profile } : rung;
  });
}
