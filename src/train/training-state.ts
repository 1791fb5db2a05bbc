/** A run on disk: parameters, the optimiser's means and how far it has come, so that a run that was killed goes on as if it had not been. */
import { createHash } from 'node:crypto';
import { rename, stat } from 'node:fs/promises';
import { SafetensorsFile, type TensorToWrite, writeSafetensors } from '../checkpoint/index.js';
import { SnugError } from '../errors/index.js';
import type { AdamW } from './adamw.js';
import { type Parameters, WORDS } from './parameters.js';

const FORMAT = '1';

/** `run` names what the state belongs to: data, options and version, worked out by the caller. */
export interface StateOptions {
  readonly path: string;
  readonly run: string;
}

/**
 * Writes the state beside its place and renames it there: what was there before stays whole until then.
 * @param ended whether the run has come to its end, though not all steps are taken
 * @throws SAFETENSORS_WRITE, DISK_FULL
 */
export async function saveState(
  { path, run }: StateOptions,
  parameters: Parameters,
  optimiser: AdamW,
  ended = false,
): Promise<void> {
  const tensors: TensorToWrite[] = [];
  const add = (kind: string, name: string, shape: readonly number[], values: Float32Array) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    tensors.push({ name: `${kind}/${name}`, dtype: 'F32', shape, chunks: () => [bytes] });
  };
  for (const { name, shape, values } of parameters) {
    add('value', name, shape, values);
    const moments = optimiser.moments.get(name);
    if (!moments) continue;
    add('mean', name, shape, moments.mean);
    add('square', name, shape, moments.square);
  }
  const words = parameters.has(WORDS) ? parameters.of(WORDS).shape[0] : 0;
  const seen = new Float32Array(words);
  for (const row of optimiser.seenWords) seen[row] = 1;
  add('seen', WORDS, [words], seen);
  await writeOwn(path, tensors, { format: FORMAT, run, steps: String(optimiser.steps), ended: String(ended) });
}

/**
 * Reads a state into parameters and optimiser; undefined where there is none.
 * @throws RESUME_MISMATCH, SAFETENSORS_HEADER, SAFETENSORS_READ, TENSOR_VALUE
 */
export async function loadState(
  { path, run }: StateOptions,
  parameters: Parameters,
  optimiser: AdamW,
): Promise<{ readonly ended: boolean } | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const file = await openOwn(path);
  try {
    const { metadata } = file;
    const other = (what: string) => new SnugError('RESUME_MISMATCH', `${path}: ${what}`);
    if (metadata.format !== FORMAT) throw other(`format ${metadata.format}, not ${FORMAT}`);
    if (metadata.run !== run) throw other('the state of a run with other texts, options or weights');
    // Everything is looked at before anything is changed.
    for (const { name, shape } of parameters)
      if (!file.has(`value/${name}`) || String(file.shape(`value/${name}`)) !== String(shape))
        throw other(`no ${name} of ${shape.join(' × ')}`);
    for (const parameter of parameters) {
      parameter.values.set(await file.read(`value/${parameter.name}`));
      if (!file.has(`mean/${parameter.name}`)) continue;
      const moments = optimiser.momentsOf(parameter);
      moments.mean.set(await file.read(`mean/${parameter.name}`));
      moments.square.set(await file.read(`square/${parameter.name}`));
    }
    for (const [row, seen] of (await file.read(`seen/${WORDS}`)).entries())
      if (seen === 1) optimiser.seenWords.add(row);
    optimiser.steps = Number(metadata.steps);
    return { ended: metadata.ended === 'true' };
  } finally {
    await file.close();
  }
}

/** Writes a file beside its place and renames it there, with what its bytes add up to. @throws SAFETENSORS_WRITE, DISK_FULL */
export async function writeOwn(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const hash = createHash('sha256');
  const inOrder = tensors.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const { chunks } of inOrder) for await (const chunk of chunks()) hash.update(chunk);
  await writeSafetensors(`${path}.new`, tensors, { ...metadata, sha256: hash.digest('hex') });
  await rename(`${path}.new`, path);
}

/** A file that training wrote. @throws SAFETENSORS_…, which tells how to go on without it */
export async function openOwn(path: string): Promise<SafetensorsFile> {
  const remedy = 'The file is damaged. Remove it: the phase of training that it belongs to begins anew.';
  let file: SafetensorsFile | undefined;
  try {
    file = await SafetensorsFile.open(path);
    const hash = createHash('sha256');
    for (const name of [...file.names].sort()) hash.update(await file.readBytes(name));
    if (hash.digest('hex') === file.metadata.sha256) return file;
  } catch (error) {
    await file?.close();
    if (!(error instanceof SnugError)) throw error;
    throw new SnugError(error.code, error.message, { cause: error, remedy });
  }
  await file.close();
  throw new SnugError('SAFETENSORS_HEADER', `${path}: its bytes are not those that were written`, { remedy });
}
