/** What can be set for publishing, and is hardly meant: told at the start, and where it is set while the agent runs. */
import { nearestWord } from '../../src/errors/nearest.js';
import type { PublishConfig } from './rules.js';

/** More labels than these are not listed. */
const MOST_SHOWN = 10;

/** `labels`: all that the model can say, the one of a refusal too. A line for each doubt, which begins with the key below `publish`. */
export function doubtsOf(config: PublishConfig, labels: readonly string[]): string[] {
  const doubts: string[] = [];
  const { predictions, countsEveryS, reviewShare } = config;
  if (predictions === 'none' && countsEveryS === undefined && reviewShare === undefined)
    doubts.push('predictions: none without countsEveryS publishes nothing of this source');
  for (const key of ['labels', 'exceptLabels'] as const)
    for (const label of config[key] ?? [])
      if (!labels.includes(label)) doubts.push(`${key}: the bundle has no label '${label}'; ${hint(label, labels)}`);
  return doubts;
}

function hint(label: string, labels: readonly string[]): string {
  const meant = nearestWord(label, labels);
  if (meant !== undefined) return `did you mean '${meant}'?`;
  const more = labels.length > MOST_SHOWN ? `, and ${labels.length - MOST_SHOWN} more` : '';
  return `it has ${labels.slice(0, MOST_SHOWN).join(', ')}${more}`;
}
