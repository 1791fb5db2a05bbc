/** `snug demo` from outside, as `npm start` runs it. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import mqtt from 'mqtt';

const cache = mkdtempSync(join(tmpdir(), 'snug-test-cache-'));
const command = ['--import=tsx', resolve('src/cli/main.ts'), 'demo'];
// The profile is cut once; otherwise every test would do it, all at the same time.
test.before(() => {
  execFileSync(process.execPath, [...command, '--port', '0', '--count', '1'], {
    env: { ...process.env, SNUG_CACHE: cache },
  });
});
test.after.always(() => rmSync(cache, { recursive: true, force: true }));

/** A demo with a temporary folder of its own, so that what it leaves there can be seen. */
class Demo {
  readonly child: ChildProcessWithoutNullStreams;
  readonly temporary: string;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  said = '';

  constructor(t: ExecutionContext, args: readonly string[]) {
    this.temporary = mkdtempSync(join(tmpdir(), 'snug-test-demo-'));
    this.child = spawn(process.execPath, [...command, ...args], {
      env: { ...process.env, TMPDIR: this.temporary, SNUG_CACHE: cache },
    });
    this.ended = new Promise((resolve) => {
      this.child.once('exit', resolve);
    });
    const collect = (data: Buffer) => {
      this.said += data;
    };
    this.child.stdout.on('data', collect);
    this.child.stderr.on('data', collect);
    t.teardown(() => {
      this.child.kill('SIGKILL');
      rmSync(this.temporary, { recursive: true, force: true });
    });
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const ended = this.ended.then(() => 'ended');
    for (;;) {
      const found = pattern.exec(this.said);
      if (found) return found;
      const news = await Promise.race([once(this.child.stdout, 'data'), ended]);
      if (news === 'ended' && !pattern.test(this.said)) throw new Error(`ended too early: ${this.said}`);
    }
  }

  async port(): Promise<number> {
    return Number((await this.until(/mqtt:\/\/127\.0\.0\.1:(\d+)/))[1]);
  }

  /** The folders of the demo; tsx keeps one of its own. */
  get left(): string[] {
    return readdirSync(this.temporary).filter((name) => name.startsWith('snug-'));
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}

test('a subscriber gets predictions with their text, and --count ends it with nothing left', async (t) => {
  const demo = new Demo(t, ['--port', '0', '--rate', '200', '--count', '40']);
  const port = await demo.port();
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5 });
  t.teardown(() => client.end(true));
  const arrival = new Promise<{ topic: string; payload: Buffer }>((resolve) => {
    client.once('message', (topic, payload) => resolve({ topic, payload }));
  });
  await client.subscribeAsync('snug/v1/demo/result/+');
  const { topic, payload } = await arrival;
  t.is(topic, 'snug/v1/demo/result/clinc150');
  const [prediction] = JSON.parse(payload.toString()).predictions;
  t.is(typeof prediction.text, 'string');
  t.is(typeof prediction.label, 'string');
  const code = await demo.ended;
  t.is(code, 0, demo.said);
  const [, right, answered] = await demo.until(/right ([\d.]+) % of (\d+)[^\n]*\n$/);
  t.true(Number(answered) >= 40 && Number(right) > 75, demo.said);
  t.deepEqual(demo.left, []);
  t.false(await listens(port));
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  test(`${signal} ends it cleanly, in the middle of the stream`, async (t) => {
    const demo = new Demo(t, ['--port', '0', '--rate', '50']);
    const port = await demo.port();
    await demo.until(/→/);
    t.true(demo.left.length === 1);
    demo.child.kill(signal);
    const code = await demo.ended;
    t.is(code, 0, demo.said);
    t.deepEqual(demo.left, []);
    t.false(await listens(port));
  });

test('the same signal twice at once is one: npm passes on what the terminal has sent already', async (t) => {
  const demo = new Demo(t, ['--port', '0']);
  await demo.until(/→/);
  demo.child.kill('SIGINT');
  demo.child.kill('SIGINT');
  const code = await demo.ended;
  t.is(code, 0, demo.said);
  t.deepEqual(demo.left, []);
});

test('a reader of its output that leaves ends it', async (t) => {
  const demo = new Demo(t, ['--port', '0', '--rate', '50']);
  await demo.until(/→/);
  demo.child.stdout.destroy();
  const code = await demo.ended;
  t.is(code, 0);
  t.deepEqual(demo.left, []);
});

test('a taken port is worked around, and said', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const taken = typeof address === 'object' && address ? address.port : 0;
  const demo = new Demo(t, ['--port', String(taken), '--count', '1']);
  t.not(await demo.port(), taken);
  await demo.until(new RegExp(`port ${taken} is taken; the broker listens on \\d+`));
  const code = await demo.ended;
  t.is(code, 0, demo.said);
});
