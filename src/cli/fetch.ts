import type { Command } from 'commander';
import { defaultEndpoint, type FetchedCheckpoint, fetchCheckpoint, type Progress } from '../checkpoint/hub/index.js';
import { printJson } from './command.js';
import { ProgressLine } from './progress-line.js';

interface Options {
  output?: string;
  revision: string;
  json?: true;
}

export function define(command: Command): void {
  command
    .argument('<repository>', 'the model on the hub, OWNER/NAME')
    .option('-o, --output <folder>', 'folder for the files (default: NAME, in the current folder)')
    .option('--revision <name>', 'branch, tag or commit', 'main')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', helpText)
    .action(async (repository: string, options: Options) => {
      const started = performance.now();
      const line = new ProgressLine(process.stderr);
      let fetched: FetchedCheckpoint;
      try {
        fetched = await fetchCheckpoint({
          repository,
          folder: options.output ?? repository.split('/').at(-1) ?? repository,
          revision: options.revision,
          endpoint: process.env.HF_ENDPOINT || undefined,
          token: process.env.HF_TOKEN || undefined,
          onProgress: (progress) => show(line, progress),
        });
      } finally {
        line.clear();
      }
      const seconds = Math.round(performance.now() - started) / 1000;
      if (options.json) printJson({ ...fetched, seconds });
      else process.stdout.write(`${fetched.folder}\n`);
    });
}

const helpText = `
Examples:
  snug fetch sentence-transformers/all-MiniLM-L6-v2
  HF_TOKEN=… snug fetch owner/private-model -o models/private --revision v1.2

Downloads what \`snug build\` needs of a BERT, MiniLM or DistilBERT model, and prints the folder. A download that was cut
short is continued by the same command. HF_ENDPOINT names another hub or mirror (default ${defaultEndpoint}).`;

function show(line: ProgressLine, { path, bytes, totalBytes, state }: Progress): void {
  if (state === 'running') line.update(path, bytes, totalBytes);
  else line.finish(`${path}  ${megabytes(bytes)}${state === 'kept' ? '  (already there)' : ''}`);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`;
