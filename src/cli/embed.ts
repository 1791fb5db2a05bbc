import type { Command } from 'commander';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { type Embedder, openEmbedder } from '../evaluate/embedder.js';
import { linesOf } from './lines.js';
import { profileName } from './option-values.js';
import { untilStopped } from './until-stopped.js';

interface Options {
  readonly profile?: string;
  readonly normalize?: true;
}

/** Texts that share a run: enough to batch by length, few enough to answer soon. */
const AT_ONCE = 32;

export function define(command: Command): void {
  command
    .argument('<model>', 'folder of a checkpoint or of an elastic bundle')
    .option('--profile <profile>', 'compression profile of a bundle, by name', profileName)
    .option('--normalize', 'scale vectors to length 1')
    .option('--json', 'one JSON object a line (the only form there is)')
    .addHelpText(
      'after',
      `
Example:
  printf 'hello world\\n' | snug embed ./all-MiniLM-L6-v2 --normalize

Reads a text a line from stdin and prints {text, inputIds, vector} a line, pooled as the checkpoint says. A checkpoint runs
in float32.`,
    )
    .action(run);
}

async function run(folder: string, { profile, normalize }: Options): Promise<void> {
  const stop = new AbortController();
  void untilStopped().then(() => stop.abort());
  let outputError: unknown;
  process.stdout.on('error', (error) => {
    outputError ??= error;
    stop.abort();
  });
  const embedder = await openEmbedder(folder, profile);
  try {
    let texts: string[] = [];
    for await (const text of linesOf(process.stdin, stop.signal)) {
      texts.push(text);
      if (texts.length < AT_ONCE) continue;
      await print(embedder, texts, normalize);
      texts = [];
    }
    if (outputError === undefined) await print(embedder, texts, normalize);
  } finally {
    await embedder.close();
  }
  // A reader that has had enough is no failure.
  if (outputError !== undefined && systemCodeOf(outputError) !== 'EPIPE')
    throw new SnugError('OUTPUT_FAILED', `standard output: ${messageOf(outputError)}`, { cause: outputError });
}

async function print(embedder: Embedder, texts: readonly string[], normalize: true | undefined): Promise<void> {
  const embedded = await embedder.embed(texts);
  const lines = embedded.map(({ ids, vector }, index) =>
    JSON.stringify({ text: texts[index], inputIds: ids, vector: [...(normalize ? unit(vector) : vector)] }),
  );
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return vector.map((x) => x / length);
}
