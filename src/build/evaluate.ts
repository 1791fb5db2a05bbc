/** Makes every profile for real, asks it the eval rows one at a time, and calibrates it on its own answers. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Calibration, networkOf, parseProfile, type Rung } from '../bundle/index.js';
import { type Master, planFrom, writeProfile } from '../bundle/making.js';
import { decisionOf, EncoderSession, LoadedModel, type RawAnswer } from '../infer/index.js';
import { countMacsPerToken, countParams } from '../model/index.js';
import { calibrate, measure, outcomeOf } from '../train/index.js';
import type { DraftManifest, Workshop } from './build.js';
import type { TrainingData } from './training-data.js';

export interface EvaluatedProfile {
  readonly rung: Rung;
  readonly calibration: Calibration;
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
      await withProfile(workshop, master, draft, profile, async (model, weightBytes) => {
        const { shape, options } = networkOf(asManifest(draft), profile);
        const size = {
          profile,
          params: countParams(shape, options),
          weightBytes,
          macsPerToken: countMacsPerToken(shape),
        };
        if (!data) return { rung: size, calibration: { temperature: 1 } };
        const answers = await answerOneByOne(workshop, model, data, profile);
        const { calibration, metrics } = judge(draft, profile, data, answers, workshop.options.refuse);
        return { rung: { ...size, ...metrics }, calibration };
      }),
    );
  return evaluated;
}

/** A manifest whose files are not known yet: what plans a network doesn't read them. */
const asManifest = (draft: DraftManifest) => ({ ...draft, files: {} });

/** Writes a profile into the workshop, loads it, and takes it away afterwards. */
export async function withProfile<Result>(
  workshop: Workshop,
  master: Master,
  draft: DraftManifest,
  profile: string,
  use: (model: LoadedModel, weightBytes: number) => Promise<Result>,
): Promise<Result> {
  const folder = join(workshop.folder, profile);
  const plan = await planFrom(master, networkOf(asManifest(draft), profile));
  const { modelPath, weightBytes } = await writeProfile(plan, master, folder);
  const model = new LoadedModel({
    profile,
    tokenizer: workshop.tokenizer,
    session: await EncoderSession.open(modelPath, { threads: 1 }),
    bits: parseProfile(profile).bits,
    decision: decisionOf(draft, profile),
  });
  try {
    return await use(model, weightBytes);
  } finally {
    await model.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function answerOneByOne(
  workshop: Workshop,
  model: LoadedModel,
  data: TrainingData,
  profile: string,
): Promise<RawAnswer[]> {
  const answers: RawAnswer[] = [];
  for (const { text } of data.evalRows) {
    // One scale serves a whole 8-bit batch, so an answer is only its own when the text runs alone.
    const [answer] = await model.answers([text]);
    answers.push({ ...answer, logits: answer.logits.slice() });
    workshop.options.onProgress(`measuring ${profile}`, answers.length, data.evalRows.length);
  }
  return answers;
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
