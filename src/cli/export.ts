import type { Command } from 'commander';
import { DEFAULT_PROFILE, FULL_PROFILE, openBundle } from '../bundle/index.js';
import { SnugError } from '../errors/index.js';
import { exportCheckpoint, exportOnnx } from '../export/index.js';
import { printJson } from './command.js';
import { profileName } from './option-values.js';
import { version } from './version.js';

interface Options {
  readonly onnx?: string;
  readonly checkpoint?: string;
  readonly profile?: string;
  readonly json?: true;
}

export function define(command: Command): void {
  command
    .argument('<bundle>', 'folder of an elastic bundle')
    .option('--onnx <folder>', 'write the model as onnxruntime and transformers.js read it')
    .option('--checkpoint <folder>', 'write its weights in float32 as the libraries read them that train')
    .option(
      '--profile <profile>',
      `compression profile by name (default: ${DEFAULT_PROFILE} for --onnx, ${FULL_PROFILE} for --checkpoint)`,
      profileName,
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  snug export bundle --onnx my-classifier --profile w1.00-p0.00-q32
  snug export bundle --checkpoint my-checkpoint --profile w0.50-p0.50-q32

--onnx writes onnx/model.onnx with the weights inside, --checkpoint model.safetensors and the modules around it; both with config.json and
the tokenizer. An earlier export is replaced when the new one is whole. Refusal stays behind: the best label is always the answer.`,
    )
    .action(async (folder: string, { onnx, checkpoint, profile, json }: Options) => {
      const [target, write] = onnx === undefined ? [checkpoint, exportCheckpoint] : [onnx, exportOnnx];
      if (target === undefined || (onnx !== undefined && checkpoint !== undefined))
        throw new SnugError('USAGE', 'one of --onnx and --checkpoint is needed');
      const wanted = profile ?? (onnx === undefined ? FULL_PROFILE : DEFAULT_PROFILE);
      const result = await write(await openBundle(folder), { folder: target, profile: wanted, version: version() });
      if (json) return printJson(result);
      const bytes = Object.values(result.files).reduce((sum, size) => sum + size, 0);
      process.stdout.write(`${target}: ${wanted}, ${result.labels} labels, ${(bytes / 1e6).toFixed(1)} MB\n`);
    });
}
