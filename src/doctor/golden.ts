/** Whether a profile answers here as it did where its bundle was built. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { files, openBundle } from '../bundle/index.js';
import { messageOf, SnugError } from '../errors/index.js';
import { loadProfile } from '../infer/index.js';
import { bad, type Check, good } from './check.js';

/** Processors differ a little in 8 bits: a score may be off by so much. */
const SCORE_TOLERANCE = 0.05;

const goldenLine = v.object({
  text: v.string(),
  answers: v.record(v.string(), v.object({ label: v.string(), score: v.number() })),
});
type GoldenLine = v.InferOutput<typeof goldenLine>;

/** Asks one text at a time, as the answers were taken. Throws where the profile can't be loaded. */
export async function goldenCheck(name: string, folder: string, profile: string): Promise<Check> {
  const bundle = await openBundle(folder);
  const golden = await readGolden(join(folder, files.golden));
  const model = await loadProfile(bundle, { profile });
  let asked = 0;
  let farthest = 0;
  const wrong: string[] = [];
  for (const { text, answers } of golden) {
    const expected = answers[profile];
    if (expected === undefined) continue;
    asked++;
    const [{ label, score }] = await model.predict([text]);
    const off = Math.abs(score - expected.score);
    farthest = Math.max(farthest, off);
    if (label !== expected.label || off > SCORE_TOLERANCE) {
      const instead = `${expected.label} ${expected.score.toFixed(3)}`;
      wrong.push(`${JSON.stringify(text)}: ${label} ${score.toFixed(3)} instead of ${instead}`);
    }
  }
  await model.close();
  if (asked === 0) return good(name, 'the bundle has no golden answers of this profile');
  if (wrong.length === 0)
    return good(name, `${asked} of ${asked} as expected, scores at most ${farthest.toFixed(3)} off`);
  const remedy = `Use another profile on this machine, or measure this one: snug eval BUNDLE --data FILE --profile ${profile}.`;
  return bad(name, `${wrong.length} of ${asked} differ, the first ${wrong[0]}`, remedy);
}

async function readGolden(path: string): Promise<GoldenLine[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    try {
      return v.parse(goldenLine, JSON.parse(line));
    } catch (cause) {
      throw new SnugError('BUNDLE_DAMAGED', `${path}:${index + 1}: ${messageOf(cause)}`, { cause });
    }
  });
}
