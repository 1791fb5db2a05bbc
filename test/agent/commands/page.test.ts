/** The commands that docs/agent.md and the README show are what a shell takes and the agent answers. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { textOf } from '../../house/tree.js';
import { plainDoor, startAgent } from '../support/agent-rig.js';
import { brokerKinds } from '../support/brokers.js';
import { end, hasMosquitto, watch } from '../support/mosquitto-tools.js';

const [, mosquitto] = brokerKinds;

/** Runs lines of a page in a shell, at another port; gives what they print. */
async function typed(t: ExecutionContext, lines: string, port: number): Promise<string> {
  const shell = spawn('sh', ['-c', lines.replaceAll('-h 127.0.0.1', `-h 127.0.0.1 -p ${port}`)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => end(shell));
  return await text(shell.stdout);
}

test('the commands of the pages end well, and a profile is an argument beside status', async (t) => {
  if (!hasMosquitto(t)) return t.pass();
  const { port } = await mosquitto.start(t);
  const feed = await watch(t, plainDoor(port), 'snug/v1/pump-07/#');
  await startAgent(t, { port, device: 'pump-07' });
  await feed.until(() => feed.of('/status').length > 0, 'online');
  const page = textOf('docs/agent.md');
  const blocks = [...page.matchAll(/<!-- command: ([\w.]+) -->\n```sh\n(.*?)```/gs)];
  t.deepEqual(
    blocks.map(([, operation]) => operation),
    ['ping', 'profile.set'],
  );
  const [ping, profileSet] = blocks.map(([, , lines]) => lines);
  const [said] = await Promise.all([typed(t, ping, port), typed(t, profileSet.replace('-W 20', '-W 5'), port)]);
  t.regex(said, /^snug\/v1\/pump-07\/cmd\/ping\/1 .*"status":"successful"/m);
  await feed.until(() => feed.states('profile.set', '2').length >= 3, 'the end of profile.set');
  // This agent has no such profile: that it says so shows that it read the argument.
  t.regex(feed.of('/cmd/profile.set/2').at(-1).reason, /w0\.50-p0\.25-q8/);
  const [shown] = /^mosquitto_pub .*$/m.exec(textOf('README.md')) ?? [''];
  t.true(ping.startsWith(`${shown}\n`), 'the README shows the same ping');
});
