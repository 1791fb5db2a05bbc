/** The steps of a run one after the other, its state on disk every few of them: what all ways of training share. */
import { SnugError } from '../errors/index.js';
import type { AdamW } from './adamw.js';
import type { Parameters } from './parameters.js';
import { warmUpThenFall } from './schedule.js';
import { loadState, saveState } from './training-state.js';

/** Where a run is kept, and after how many steps each; `resume` goes on from there. */
export interface StateChoice {
  readonly path: string;
  readonly everySteps: number;
  readonly resume: boolean;
}

export interface StepReport {
  /** Counted from 1. */
  readonly step: number;
  readonly steps: number;
  /** Mean over the step's texts, dropout and smoothing included. */
  readonly loss: number;
  /** Of all gradients together, before clipping. */
  readonly gradientNorm: number;
  /** Without padding. */
  readonly tokens: number;
  /** With padding, of each run that the step was split into. */
  readonly rows: readonly number[];
}

/** How the steps of a run change the weights. */
export interface Pace {
  readonly learningRate: number;
  /** Share of the steps in which the learning rate rises. */
  readonly warmUp: number;
  /** Longest that the gradients may be together. */
  readonly clip: number;
}

export interface LoopOptions {
  readonly parameters: Parameters;
  readonly optimiser: AdamW;
  readonly steps: number;
  readonly pace: Pace;
  /** Adds up the gradients of a step, counted from 0. */
  readonly gradients: (step: number) => Promise<Pick<StepReport, 'loss' | 'tokens' | 'rows'>>;
  /** A loss above it ends the run as one that diverged, long before it is no number. */
  readonly mostLoss?: number;
  /** `run` names what the state belongs to. */
  readonly state?: StateChoice & { readonly run: string };
  readonly onStep?: (report: StepReport) => void | Promise<void>;
  /** After every so many steps and after the last one; `false` ends the run. */
  readonly check?: { readonly everySteps: number; readonly run: (step: number) => Promise<boolean> };
  /** Ends the run after the step at hand. */
  readonly signal?: AbortSignal;
}

/**
 * Trains the parameters in place; gives how many steps were taken. A step whose loss is too large, or whose loss or gradient is not
 * finite, changes nothing.
 * @throws TRAINING_DIVERGED, RESUME_MISMATCH, SAFETENSORS_…, DISK_FULL
 */
export async function runSteps(options: LoopOptions): Promise<number> {
  const { parameters, optimiser, steps, pace, gradients, mostLoss, state, onStep, check, signal } = options;
  const found = state?.resume ? await loadState(state, parameters, optimiser) : undefined;
  if (found?.ended) return optimiser.steps;
  while (optimiser.steps < steps && !signal?.aborted) {
    const at = optimiser.steps;
    parameters.clearGradients();
    const { loss, tokens, rows } = await gradients(at);
    /** Nothing has changed yet: what is kept are the weights before this step. */
    const diverged = async (why: string) => {
      if (state) await saveState(state, parameters, optimiser);
      return new SnugError('TRAINING_DIVERGED', `step ${at + 1} of ${steps}: ${why}`);
    };
    if (mostLoss !== undefined && loss > mostLoss && Number.isFinite(loss))
      throw await diverged(`the loss is ${loss.toPrecision(3)}, and was to stay below ${mostLoss.toPrecision(3)}`);
    const rate = pace.learningRate * warmUpThenFall(at + 1, steps + 1, pace.warmUp);
    const gradientNorm = Number.isFinite(loss) ? await optimiser.step(rate, pace.clip) : Number.NaN;
    if (!Number.isFinite(gradientNorm)) throw await diverged('the loss or its gradient is not finite');
    await onStep?.({ step: at + 1, steps, loss, gradientNorm, tokens, rows });
    const done = optimiser.steps;
    // Before the state is saved, so that a run which is taken up again misses none.
    const goesOn = !check || (done % check.everySteps !== 0 && done !== steps) || (await check.run(done));
    if (state && (done % state.everySteps === 0 || done === steps || !goesOn))
      await saveState(state, parameters, optimiser, !goesOn);
    if (!goesOn) return done;
  }
  if (state && signal?.aborted) await saveState(state, parameters, optimiser);
  return optimiser.steps;
}

/** A seed of its own for each use and step: chance comes from these alone, so that a run can be taken up anywhere. */
export const mixedSeed = (seed: number, use: number, step: number) =>
  Math.imul(Math.imul(seed + 0x51ed270b, 0x2c1b3c6d) ^ (use * 0x297a2d39), 0x85ebca6b) ^
  Math.imul(step + 1, 0x9e3779b1);
