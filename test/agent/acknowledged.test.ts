/** An agent killed with `kill -9` again and again: what it acknowledged to a sender is published, under one number and text. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import mqtt from 'mqtt';
import { brokerKinds, freePort, temporaryFolder } from './support/brokers.js';

const KILLS = 4;

interface Published {
  readonly seq: number;
  readonly text: string;
}

/** A board whose agent can be killed and started; it reads from HTTP, a topic and a log. */
async function board(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  const { port } = await brokerKinds[0].start(t);
  const http = await freePort();
  const log = join(folder, 'app.log');
  const config = join(folder, 'snug.yaml');
  writeFileSync(log, '');
  writeFileSync(
    config,
    `device: board-1
bundle: ./bundle
stateDir: ./state
mqtt: { url: mqtt://127.0.0.1:${port} }
sources:
  http: { kind: http, listen: "127.0.0.1:${http}", publish: { text: true } }
  topic: { kind: mqtt, topic: in/text, publish: { text: true } }
  log: { kind: follow, path: app.log, publish: { text: true } }
`,
  );
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  t.teardown(() => client.endAsync(true));
  const published = new Map<string, Published[]>();
  let online = 0;
  client.on('message', (topic, payload) => {
    const message = JSON.parse(payload.toString());
    if (topic.endsWith('/status') && message.state === 'online') online++;
    const source = /\/result\/(.*)$/.exec(topic)?.[1];
    if (source !== undefined) published.set(source, [...(published.get(source) ?? []), ...message.predictions]);
  });
  await client.subscribeAsync('snug/v1/board-1/#', { qos: 1 });
  let agent: ChildProcess | undefined;
  t.teardown(() => agent?.kill('SIGKILL'));
  return {
    client,
    http,
    say: (text: string) => appendFileSync(log, `${text}\n`),
    of: (source: string) => published.get(source) ?? [],
    async run() {
      const before = online;
      const script = join(import.meta.dirname, 'support', 'agent-process.ts');
      agent = spawn(process.execPath, ['--import=tsx', script, config], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, SNUG_LOG: 'error' },
      });
      while (online === before) await wait(20);
    },
    async kill() {
      agent?.kill('SIGKILL');
      if (agent) await once(agent, 'exit');
    },
  };
}

test('HTTP, MQTT and a log: acknowledged is published, whatever is killed when', async (t) => {
  const { client, http, say, of, run, kill } = await board(t);
  const answered: string[] = [];
  const written: string[] = [];
  const sent: string[] = [];
  let going = true;
  const posting = async () => {
    for (let n = 0; going; n++) {
      const body = `the balance of post ${n}`;
      const response = await fetch(`http://127.0.0.1:${http}/`, { method: 'POST', body }).catch(() => undefined);
      if (response?.ok) answered.push(body);
      else await wait(20);
    }
  };
  const writing = async () => {
    for (let n = 0; going; n++) {
      written.push(`the weather of line ${n}`);
      say(written[n]);
      await client.publishAsync('in/text', `the balance of message ${n}`, { qos: 1 });
      sent.push(`the balance of message ${n}`);
      await wait(5);
    }
  };
  await run();
  const feeding = [posting(), writing()];
  for (let n = 0; n < KILLS; n++) {
    await wait(200 + Math.random() * 400);
    await kill();
    await run();
  }
  await wait(200);
  going = false;
  await Promise.all(feeding);

  const all = (source: string, texts: readonly string[]) => {
    const seen = new Set(of(source).map(({ text }) => text));
    return texts.every((text) => seen.has(text));
  };
  while (!all('http', answered) || !all('topic', sent) || !all('log', written)) await wait(50);

  t.true(answered.length > KILLS && sent.length > KILLS);
  for (const source of ['http', 'topic', 'log']) {
    const texts = new Map<number, string>();
    for (const { seq, text } of of(source)) {
      t.is(texts.get(seq) ?? text, text, `${source}: ${seq} stands for one text`);
      texts.set(seq, text);
    }
  }
  const lines = new Map(of('log').map(({ seq, text }) => [seq, text]));
  t.deepEqual(
    [...lines.keys()].sort((a, b) => a - b).map((seq) => lines.get(seq)),
    written,
    'every line once, in order, after removal of repeats',
  );
});
