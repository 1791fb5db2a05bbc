import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { defaultStateFolder } from '../../agent/config/state-folder.js';
import { cacheFolder } from '../bundle/index.js';
import { type Check, examine } from '../doctor/index.js';
import { packageFolder } from '../files/package-folder.js';
import { printJson } from './command.js';
import { StepLine } from './step-line.js';

export function define(command: Command): void {
  command
    .argument('[bundle]', 'folder of an elastic bundle to check as well')
    .option('--all', 'check every profile of the bundle')
    .option('--json', 'print the checks as JSON')
    .addHelpText(
      'after',
      `
Examples:
  snug doctor
  snug doctor bundle --json

Checks the machine, and with a bundle also its files, and whether the first profile of 32, 8 and 4 bits and the smallest of all
answer as they did where it was built. Exits with 0 where all is well, else with 1.`,
    )
    .action(async (bundle: string | undefined, options: { json?: true; all?: true }) => {
      const line = new StepLine(process.stderr.isTTY ? process.stderr : { write: () => true });
      const checks = await examine({
        cacheFolder: cacheFolder(),
        stateFolder: defaultStateFolder(),
        nodeRange: JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')).engines.node,
        bundle,
        allProfiles: options.all,
        onCheck: (name) => line.update(`checking ${name}`, 0, 0),
      });
      line.clear();
      if (options.json) printJson({ checks });
      else process.stdout.write(asTable(checks));
      if (checks.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

function asTable(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const rows = checks.map(({ name, ok, detail, remedy }) =>
    [
      `${ok ? 'ok    ' : 'not ok'}  ${name.padEnd(width)}  ${detail}`,
      ...(remedy === null ? [] : [`${' '.repeat(width + 10)}→ ${remedy}`]),
    ].join('\n'),
  );
  const failed = checks.filter(({ ok }) => !ok).length;
  return `${rows.join('\n')}\n\n${failed === 0 ? 'All is well.' : `${failed} of ${checks.length} not ok.`}\n`;
}
