/** Measures a profile on labelled rows: how often it is right, how fast, in how much memory. Never reads the ladder. */
import { type Bundle, materialiseProfile, networkOf } from '../bundle/index.js';
import type { Row } from '../data/index.js';
import { SnugError } from '../errors/index.js';
import { decisionOf, type LoadedModel, loadProfile } from '../infer/index.js';
import { countParams } from '../model/index.js';
import { processMemory } from '../profile/process-memory.js';
import { type Metrics, measure, type Outcome, outcomeOf } from '../train/index.js';
import { type Percentiles, percentiles } from './percentiles.js';

export interface Evaluation extends Metrics {
  readonly profile: string;
  /** Wall time from text to answer, one text at a time, its own length, one thread, warm. */
  readonly latencyMs: Percentiles;
  readonly params: number;
  readonly weightBytes: number;
  /** Of this process, after up to 1,000 rows with this profile alone in memory. */
  readonly rssAnonBytes: number | null;
  readonly rssBytes: number | null;
  readonly compare?: {
    readonly profile: string;
    readonly accuracy: number;
    /** Share of rows that both answer alike, a refusal being an answer. */
    readonly agreement: number;
    /** p50 of the profile over p50 of the one compared with, blocks of texts taken in turn. */
    readonly latencyRatio: number;
  };
}

export interface EvaluateOptions {
  readonly rows: readonly Row[];
  /** Where the rows come from, for errors. */
  readonly file: string;
  readonly profile: string;
  readonly compare?: string;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of every row, in their order. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Texts answered before anything is timed, and before memory is read. */
const WARM_UP = 50;
const MEMORY_AFTER = 1000;
/**
 * Texts that one profile answers before the other has them. Text by text each would find the processor's caches full of the other's
 * weights, which costs the smaller one most; a board runs one alone.
 */
const BLOCK = 50;

interface Answered {
  readonly outcome: Outcome;
  readonly answer: string;
  readonly latencyMs: number;
}

/** @throws EVAL_LABEL where a row has a label that the bundle doesn't know, PROFILE_…, BUNDLE_… */
export async function evaluate(bundle: Bundle, options: EvaluateOptions): Promise<Evaluation> {
  const { rows, profile, compare } = options;
  requireKnownLabels(bundle, options);
  // The other profile is made before anything is measured, for cutting it takes memory.
  if (compare) await materialiseProfile(bundle, compare);
  const { weightBytes } = await materialiseProfile(bundle, profile);
  const model = await loadProfile(bundle, { profile });
  const total = rows.length;
  try {
    for (const { text } of rows.slice(0, WARM_UP)) await model.predict([text]);
    if (compare) for (const { text } of rows.slice(0, MEMORY_AFTER)) await model.predict([text]);
    let memory = processMemory();
    const other = compare ? await loadProfile(bundle, { profile: compare }) : undefined;
    try {
      if (other) for (const { text } of rows.slice(0, WARM_UP)) await other.predict([text]);
      const own: Answered[] = [];
      const others: Answered[] = [];
      for (let from = 0; from < total; from += BLOCK) {
        const block = rows.slice(from, from + BLOCK);
        for (const row of block) {
          own.push(await ask(bundle, model, row));
          options.onOutcome?.(own[own.length - 1].outcome);
          if (!other && own.length === Math.min(MEMORY_AFTER, total)) memory = processMemory();
          options.onProgress?.(own.length, total);
        }
        if (other) for (const row of block) others.push(await ask(bundle, other, row));
      }
      const { shape, options: network } = networkOf(bundle.manifest, profile);
      return {
        profile,
        ...measure(own.map(({ outcome }) => outcome)),
        latencyMs: percentiles(own.map(({ latencyMs }) => latencyMs)),
        params: countParams(shape, network),
        weightBytes,
        ...memory,
        compare: compare ? comparison(compare, own, others) : undefined,
      };
    } finally {
      await other?.close();
    }
  } finally {
    await model.close();
  }
}

function comparison(profile: string, own: readonly Answered[], others: readonly Answered[]) {
  const alike = own.filter(({ answer }, row) => answer === others[row].answer).length;
  const p50 = (answered: readonly Answered[]) => percentiles(answered.map(({ latencyMs }) => latencyMs)).p50;
  return {
    profile,
    accuracy: measure(others.map(({ outcome }) => outcome)).accuracy,
    agreement: alike / own.length,
    latencyRatio: p50(own) / p50(others),
  };
}

async function ask({ manifest }: Bundle, model: LoadedModel, { text, label }: Row): Promise<Answered> {
  const started = performance.now();
  const [answer] = await model.answers([text]);
  const outcome = outcomeOf(answer, label, decisionOf(manifest, model.profile));
  const latencyMs = performance.now() - started;
  return { outcome, answer: outcome.refused ? manifest.noneLabel : outcome.top, latencyMs };
}

function requireKnownLabels({ folder, manifest }: Bundle, { rows, file }: EvaluateOptions): void {
  const known = new Set([...manifest.labels, manifest.noneLabel]);
  const stranger = rows.find(({ label }) => !known.has(label));
  if (stranger)
    throw new SnugError('EVAL_LABEL', `${file}:${stranger.line}: ${folder} has no label '${stranger.label}'`);
}
