import { type Command, InvalidArgumentError } from 'commander';
import { startBroker } from '../broker/index.js';
import { printJson } from './command.js';
import { untilStopped } from './until-stopped.js';

export function define(command: Command): void {
  command
    .option('--port <number>', 'port to listen on; 0 takes any free one', parsePort, 1883)
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--json', 'print the address as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  snug broker\n  snug broker --port 0 --json\n\nFor the bench: no users, no TLS, everything in memory. For a fleet use Mosquitto.',
    )
    .action(async (options: { port: number; host: string; json?: true }) => {
      const stopped = untilStopped();
      const broker = await startBroker({ host: options.host, port: options.port });
      if (options.json) printJson({ url: broker.url, host: broker.host, port: broker.port });
      else process.stdout.write(`MQTT broker on ${broker.url}; Ctrl-C ends it\n`);
      await stopped;
      await broker.close();
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('a port is a number from 0 to 65535.');
  return port;
}
