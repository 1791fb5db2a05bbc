import type { Command } from 'commander';
import { openBundle } from '../bundle/index.js';
import { printJson } from './command.js';
import { ladderTable } from './ladder-table.js';

export function define(command: Command): void {
  command
    .argument('<bundle>', 'folder of an elastic bundle')
    .option('--json', 'print the manifest as JSON')
    .addHelpText('after', '\nExample:\n  snug info bundle\n\nChecks every file of the bundle against its manifest.')
    .action(async (folder: string, options: { json?: true }) => {
      const { manifest, identity } = await openBundle(folder);
      if (options.json) return printJson(manifest);
      const { checkpoint, model, data, labels, noneLabel, files } = manifest;
      const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
      const lines: [string, string][] = [
        ['bundle', `${folder}  ${(bytes / 1e6).toFixed(1)} MB  ${identity.slice(0, 12)}`],
        ['checkpoint', `${checkpoint.name}  (${checkpoint.licence ?? 'licence unknown'})`],
        ['network', `${model.family}, ${model.layers} layers, ${model.hiddenSize} channels, ${model.heads} heads`],
        ['labels', `${labels.length}: ${labels.slice(0, 6).join(', ')}${labels.length > 6 ? ', …' : ''}`],
        ['refuses as', noneLabel],
        ['longest text', `${manifest.tokenizer.maxTokens} tokens`],
        [
          'data',
          data ? `${data.train.file} (${data.train.rows} rows), ${data.eval.file} (${data.eval.rows} rows)` : '–',
        ],
        ['made by', `snug ${manifest.tool.version}, ${manifest.created}: ${manifest.command}`],
      ];
      const width = Math.max(...lines.map(([name]) => name.length));
      for (const [name, text] of lines) process.stdout.write(`${name.padEnd(width)}  ${text}\n`);
      process.stdout.write(`\n${ladderTable(manifest.ladder)}`);
    });
}
