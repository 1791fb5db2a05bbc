/** The demo's figures as one line. */
import { type ProcessMemory, processMemory } from '../../profile/process-memory.js';
import type { Figures } from './tally.js';

/** Characters of the last text that are shown, where there is room. */
const MOST_CHARACTERS = 60;
const LEAST_CHARACTERS = 10;

/** The line for a terminal of so many columns: the last text gives way first. Memory is that of this process. */
export function figuresLine(figures: Figures, columns: number, memory: ProcessMemory = processMemory()): string {
  const { answered, right, perSecond, p50Ms, p99Ms, last } = figures;
  const megabytes = (bytes: number | null) => (bytes === null ? '–' : (bytes / 1e6).toFixed(0));
  const measured = [
    `${perSecond.toFixed(1)}/s`,
    `p50 ${p50Ms.toFixed(1)} p99 ${p99Ms.toFixed(1)} ms`,
    `RSS ${megabytes(memory.rssBytes)} MB (${megabytes(memory.rssAnonBytes)} anonymous)`,
    `right ${answered === 0 ? '–' : ((100 * right) / answered).toFixed(1)} % of ${answered}`,
  ].join('  ');
  if (last === undefined) return measured;
  const answer = `→ ${last.label}${last.right ? '' : ' ✗'}`;
  const room = columns - measured.length - answer.length - '  "" '.length;
  const text = room < LEAST_CHARACTERS ? '' : `${quoted(last.text, Math.min(MOST_CHARACTERS, room))} `;
  return `${measured}  ${text}${answer}`;
}

function quoted(text: string, characters: number): string {
  return JSON.stringify(text.length > characters ? `${text.slice(0, characters - 1)}…` : text);
}
