/** What a build says of itself to people: the report's data, out of what was measured. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { type Manifest, parseProfile, runtimeVersion } from '../bundle/index.js';
import { instructionSet } from '../profile/processor.js';
import type { ReportData, TrainingCurve } from '../report/index.js';
import type { EvaluatedProfile } from './evaluate.js';

/** @param seconds that the build took */
export function reportOf(
  name: string,
  manifest: Manifest,
  profiles: readonly EvaluatedProfile[],
  seconds: number,
  training: readonly TrainingCurve[] = [],
): ReportData {
  const { checkpoint, data, files } = manifest;
  const rows = (file: { file: string; rows: number } | undefined) =>
    file ? { file: file.file, rows: file.rows } : null;
  const measured = new Map(profiles.map((profile) => [profile.rung.profile, profile]));
  return {
    bundle: {
      name,
      checkpoint: checkpoint.name,
      licence: checkpoint.licence,
      labels: manifest.labels.length,
      bytes: Object.values(files).reduce((sum, file) => sum + file.bytes, 0),
      recipe: manifest.recipe,
      store: manifest.store,
    },
    data: { train: rows(data?.train), evaluation: rows(data?.eval) },
    tool: `${manifest.tool.name} ${manifest.tool.version}`,
    command: manifest.command,
    created: manifest.created,
    seconds,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      node: process.version,
      onnxruntime: runtimeVersion(),
      instructionSet: instructionSet(),
    },
    ...(training.length > 0 && { training }),
    profiles: manifest.ladder.map((rung) => {
      const { latencyMs = null, rssAnonBytes = null, rssBytes = null } = measured.get(rung.profile) ?? {};
      const note = parseProfile(rung.profile).bag ? { note: 'no attention layers: averaged embeddings' } : {};
      return { ...rung, ...note, latencyMs, rssAnonBytes, rssBytes };
    }),
  };
}
