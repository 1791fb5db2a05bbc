import type { Command } from 'commander';
import { DEFAULT_PROFILE, openBundle } from '../bundle/index.js';
import { exportOnnx } from '../export/index.js';
import { printJson } from './command.js';
import { profileName } from './option-values.js';
import { version } from './version.js';

interface Options {
  readonly onnx: string;
  readonly profile: string;
  readonly json?: true;
}

export function define(command: Command): void {
  command
    .argument('<bundle>', 'folder of an elastic bundle')
    .requiredOption(
      '--onnx <folder>',
      'folder for the model; an earlier export there is replaced when the new one is whole',
    )
    .option('--profile <profile>', 'compression profile by name', profileName, DEFAULT_PROFILE)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Example:
  snug export bundle --onnx my-classifier --profile w1.00-p0.00-q32

Writes onnx/model.onnx with the weights inside, config.json and the tokenizer, as onnxruntime and transformers.js read them for
text classification. Refusal stays behind: the best label is always the answer.`,
    )
    .action(async (folder: string, { onnx, profile, json }: Options) => {
      const result = await exportOnnx(await openBundle(folder), { folder: onnx, profile, version: version() });
      if (json) return printJson(result);
      const bytes = Object.values(result.files).reduce((sum, size) => sum + size, 0);
      process.stdout.write(`${onnx}: ${profile}, ${result.labels} labels, ${(bytes / 1e6).toFixed(1)} MB\n`);
    });
}
