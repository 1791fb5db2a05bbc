import type { Command } from 'commander';
import { keepHeapSmall } from '../infer/heap.js';
import { untilStopped } from './until-stopped.js';
import { version } from './version.js';

export function define(command: Command): void {
  command
    .requiredOption('--config <file>', 'the configuration, in YAML')
    .addHelpText(
      'after',
      `
Example:
  snug agent --config snug.yaml

snug.yaml:
  device: pump-07
  bundle: ./bundle
  mqtt: { url: mqtt://127.0.0.1:1883 }
  sources:
    console: { kind: serial, path: /dev/ttyUSB0, baudRate: 115200 }
    syslog: { kind: follow, path: /var/log/syslog }

Results: mosquitto_sub -V 5 -t 'snug/v1/pump-07/#' -v`,
    )
    .action(async ({ config: file }: { config: string }) => {
      keepHeapSmall(); // before anything is loaded: a young generation that has grown stays large
      const stopped = untilStopped();
      const { runAgent } = await import('../../agent/run.js');
      await runAgent(file, version(), stopped);
    });
}
