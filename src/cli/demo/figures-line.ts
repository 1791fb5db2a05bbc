/** The demo's figures as one line. */
import { type ProcessMemory, processMemory } from '../../profile/process-memory.js';
import type { Figures } from './tally.js';

/** Characters of the last text that are shown, where there is room. */
const MOST_CHARACTERS = 60;
/** Figures of little weight give way until so many are shown; fewer than the least tell nothing. */
const WANTED_CHARACTERS = 17;
const LEAST_CHARACTERS = 4;
/** Room kept for an answer, however short: figures must not come and go with the length of labels. */
const ANSWER_COLUMNS = 14;
const AROUND_TEXT = '  "" '.length;

/**
 * The line for a terminal of so many columns. The label stays whole; figures of little weight give way first, then the last
 * text, then the other figures. Memory is that of this process.
 */
export function figuresLine(figures: Figures, columns: number, memory: ProcessMemory = processMemory()): string {
  const { besideText, alone } = measured(figures, memory);
  const { last } = figures;
  if (last === undefined) return [...besideText, ...alone].find((line) => line.length <= columns) ?? '';
  const answer = `→ ${last.label}${last.right ? '' : ' ✗'}`;
  const roomBeside = (line: string, least = 0) => columns - line.length - Math.max(answer.length, least) - AROUND_TEXT;
  const withText =
    besideText.find((line) => roomBeside(line, ANSWER_COLUMNS) >= WANTED_CHARACTERS) ??
    besideText[besideText.length - 1];
  if (roomBeside(withText) >= LEAST_CHARACTERS)
    return `${withText}  ${quoted(last.text, Math.min(MOST_CHARACTERS, roomBeside(withText)))} ${answer}`;
  const beside = [withText, ...alone].find((line) => line.length + '  '.length + answer.length <= columns);
  return beside ? `${beside}  ${answer}` : answer;
}

/** The figures, from all of them to the fewest: those that may stand beside a text, and those for narrower terminals. */
function measured({ answered, right, perSecond, p50Ms, p99Ms }: Figures, memory: ProcessMemory) {
  const megabytes = (bytes: number | null) => (bytes === null ? '–' : (bytes / 1e6).toFixed(0));
  const rate = `${perSecond.toFixed(1)}/s`;
  const p50 = `p50 ${p50Ms.toFixed(1)}`;
  const both = `${p50} p99 ${p99Ms.toFixed(1)} ms`;
  const rss = `RSS ${megabytes(memory.rssBytes)} MB`;
  const share = `right ${answered === 0 ? '–' : ((100 * right) / answered).toFixed(1)} %`;
  const besideText = [
    [rate, both, `${rss} (${megabytes(memory.rssAnonBytes)} anonymous)`, `${share} of ${answered}`],
    [rate, both, rss, `${share} of ${answered}`],
    [rate, both, rss, share],
    [rate, `${p50} ms`, rss, share],
  ];
  const alone = [[rate, `${p50} ms`, share], [rate, share], [share]];
  const joined = (lines: readonly string[][]) => lines.map((line) => line.join('  '));
  return { besideText: joined(besideText), alone: joined(alone) };
}

function quoted(text: string, characters: number): string {
  const shown = JSON.stringify(text).slice(1, -1);
  return `"${shown.length > characters ? `${shown.slice(0, characters - 1)}…` : shown}"`;
}
