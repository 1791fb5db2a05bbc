import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { openEmbedder } from '../evaluate/embedder.js';

interface Options {
  readonly profile?: string;
  readonly normalize?: true;
}

/** Texts that share a run: enough to batch by length, few enough to answer soon. */
const AT_ONCE = 32;

export function define(command: Command): void {
  command
    .argument('<model>', 'folder of a checkpoint or of an elastic bundle')
    .option('--profile <profile>', 'compression profile of a bundle, by name')
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
    .action(async (model: string, options: Options) => {
      const embedder = await openEmbedder(model, options.profile);
      try {
        let texts: string[] = [];
        const flush = async () => {
          const lines = (await embedder.embed(texts)).map(({ ids, vector }, index) =>
            JSON.stringify({
              text: texts[index],
              inputIds: ids,
              vector: [...(options.normalize ? unit(vector) : vector)],
            }),
          );
          texts = [];
          if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
        };
        for await (const text of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
          texts.push(text);
          if (texts.length === AT_ONCE) await flush();
        }
        await flush();
      } finally {
        await embedder.close();
      }
    });
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return vector.map((x) => x / length);
}
