/**
 * A simulated day of a board with a stream: load by the hour with bursts, a housing that the sun heats, neighbours that take
 * processor and memory. It drives the governor's `decide` with the signals that such a board would give. Everything follows from
 * the seed.
 */
import { decide, type GovernorState, initialState } from '../../agent/governor/decide.js';
import { type Choice, planOf } from '../../agent/governor/plan.js';
import type { Signals } from '../../agent/governor/signals.js';
import { settings } from '../../agent/governor/thresholds.js';
import { seededRandom } from '../../src/train/random.js';

const MB = 2 ** 20;
const DAY_MS = 24 * 3600 * 1000;
const HOUR_MS = 3600 * 1000;

/** Profile, accuracy, ms a text on a cool board, MB of anonymous memory, MB resident. */
const ladder = [
  ['w1.00-p0.00-q32', 0.941, 24, 62, 190],
  ['w1.00-p0.50-q8', 0.94, 11, 52, 110],
  ['w0.75-p0.50-q8', 0.933, 7.5, 48, 95],
  ['w0.50-p0.50-q8', 0.918, 4.2, 44, 82],
  ['w0.50-p0.75-q8', 0.907, 3.1, 42, 78],
  ['bag-q8', 0.89, 0.4, 38, 70],
] as const;

export const choice: Choice = {
  chosen: { profile: ladder[0][0], reason: 'simulated' },
  candidates: ladder.map(([profile, accuracy, latencyMs, anonymous, resident]) => ({
    profile,
    accuracy,
    predicted: { latencyMs, rssAnonBytes: anonymous * MB, rssBytes: resident * MB },
    fits: true,
    reason: '',
  })),
  allowed: { memoryBytes: 256 * MB, latencyMs: 40 },
};

const TARGET_MS = 40;
const RAM_BYTES = 512 * MB;
/** Beside the agent. */
const SYSTEM_BYTES = 180 * MB;

export interface Change {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly cause: string;
  readonly direction: 'up' | 'down';
}

export interface DaySample {
  readonly atMs: number;
  readonly textsPerSecond: number;
  readonly queueDelayMs: number;
  readonly temperatureC: number;
  readonly headroomBytes: number;
  /** Place on the ladder, 0 is the most accurate. */
  readonly rung: number;
}

export interface Day {
  readonly changes: readonly Change[];
  /** One every two minutes. */
  readonly samples: readonly DaySample[];
  readonly profiles: readonly string[];
}

interface BoardState {
  temperatureC: number;
  queuedTexts: number;
  rung: number;
}

export function simulateDay(seed: number): Day {
  const random = seededRandom(seed);
  const stepMs = settings.lookMs.value;
  const weather = weatherOf(random);
  const board: BoardState = { temperatureC: 45, queuedTexts: 0, rung: 0 };
  let state: GovernorState = initialState(0);
  const changes: Change[] = [];
  const samples: DaySample[] = [];
  for (let atMs = stepMs; atMs <= DAY_MS; atMs += stepMs) {
    const signals = live(board, weather, atMs, stepMs, random);
    const current = ladder[board.rung][0];
    const { state: next, step } = decide(state, signals, planOf(choice, { current }));
    state = next;
    if (step.kind === 'move') {
      board.rung = ladder.findIndex(([profile]) => profile === step.to);
      changes.push({ atMs, from: current, to: step.to, cause: step.cause, direction: step.direction });
    }
    if (atMs % 120_000 === 0)
      samples.push({
        atMs,
        textsPerSecond: signals.arrivedPerSecond,
        queueDelayMs: signals.queueDelayMs,
        temperatureC: board.temperatureC,
        headroomBytes: signals.headroomBytes ?? 0,
        rung: board.rung,
      });
  }
  return { changes, samples, profiles: ladder.map(([profile]) => profile) };
}

interface Episode {
  readonly fromMs: number;
  readonly toMs: number;
  readonly size: number;
}

interface Weather {
  /** Floods of text, neighbours on the processor, neighbours in memory. */
  readonly bursts: readonly Episode[];
  readonly neighbours: readonly Episode[];
  readonly hogs: readonly Episode[];
}

function weatherOf(random: () => number): Weather {
  const episodes = (count: number, shortestMs: number, longestMs: number, least: number, most: number): Episode[] =>
    Array.from({ length: count }, () => {
      const fromMs = random() * DAY_MS;
      const lengthMs = shortestMs + random() * (longestMs - shortestMs);
      return { fromMs, toMs: fromMs + lengthMs, size: least + random() * (most - least) };
    });
  return {
    bursts: episodes(14, 10_000, 6 * 60_000, 20, 160),
    neighbours: episodes(10, 60_000, 25 * 60_000, 0.2, 0.7),
    hogs: episodes(5, 30_000, 10 * 60_000, 120 * MB, 290 * MB),
  };
}

/** Moves the board on by one step, and gives what the governor sees of it. */
function live(board: BoardState, weather: Weather, atMs: number, stepMs: number, random: () => number): Signals {
  const now = (episodes: readonly Episode[]) =>
    episodes.filter(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs).reduce((sum, { size }) => sum + size, 0);
  const hour = atMs / HOUR_MS;
  const byDay = Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI)); // from six to twenty
  const mean = 3 + 30 * byDay + now(weather.bursts);
  const textsPerSecond = Math.max(0, mean + Math.sqrt(mean / (stepMs / 1000)) * gaussian(random));
  const others = Math.min(0.8, 0.05 + now(weather.neighbours));
  const slower = (board.temperatureC >= 88 ? 1.8 : 1) / (1 - others);
  const [, , latencyMs, anonymous] = ladder[board.rung];
  const serviceMs = latencyMs * slower * (1 + 0.05 * gaussian(random));
  const arrived = (textsPerSecond * stepMs) / 1000;
  const possible = stepMs / Math.max(0.05, serviceMs);
  const answered = Math.min(board.queuedTexts + arrived, possible);
  board.queuedTexts = Math.min(1000, board.queuedTexts + arrived - answered);
  const busyShare = Math.min(1, (answered * serviceMs) / stepMs);
  const ambientC = 24 + 30 * byDay ** 2;
  const settlesAtC = ambientC + 14 + 34 * Math.min(1, busyShare * 0.8 + others * 0.5);
  board.temperatureC += ((settlesAtC - board.temperatureC) * stepMs) / 150_000;
  const headroomBytes = Math.max(0, RAM_BYTES - SYSTEM_BYTES - anonymous * MB - now(weather.hogs));
  return {
    atMs,
    queueDelayMs: board.queuedTexts < 1 ? 0 : board.queuedTexts * serviceMs,
    p95Ms: answered >= 5 ? serviceMs * 1.2 : null,
    targetMs: TARGET_MS,
    busyShare,
    arrivedPerSecond: textsPerSecond,
    answeredPerSecond: (answered * 1000) / stepMs,
    memoryStallShare: headroomBytes < 10 * MB ? 0.3 : 0,
    cpuStallShare: others,
    stallsAreOwn: false,
    headroomBytes,
    memoryBytes: RAM_BYTES,
    atLimit: 0,
    oom: 0,
    faultsPerSecond: 0,
    temperatureC: Math.round(board.temperatureC * 10) / 10 + 0.3 * gaussian(random),
    throttled: board.temperatureC >= 88,
    cpuThrottledShare: null,
    cutting: false,
  };
}

/** Box and Muller. */
function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
