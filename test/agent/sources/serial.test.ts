/** A serial port on a real pseudo-terminal pair: speed set, records read, unplugged and back. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createSource } from '../../../agent/sources/index.js';
import { ListeningSink } from '../support/listening-sink.js';

const hasSocat = spawnSync('socat', ['-V']).status === 0;

/** A cable between two pseudo-terminals whose names come and go with it. */
function wiring(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'snug-serial-'));
  const near = join(dir, 'near');
  const far = join(dir, 'far');
  const plugs = new Set<ChildProcess>();
  t.teardown(() => {
    for (const plug of plugs) plug.kill('SIGKILL');
    rmSync(dir, { recursive: true });
  });
  return {
    near,
    say: (bytes: string) => appendFileSync(far, bytes),
    async plug() {
      const seen = watch(dir);
      const child = spawn('socat', [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`], { stdio: 'ignore' });
      plugs.add(child);
      while (!existsSync(near) || !existsSync(far)) await once(seen, 'change');
      seen.close();
      return {
        async pull() {
          child.kill('SIGKILL');
          await once(child, 'exit');
          rmSync(near, { force: true });
          rmSync(far, { force: true });
        },
      };
    },
  };
}

const serialTest = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  test(title, async (t) => {
    if (hasSocat) return await body(t);
    t.log('socat is not installed: not tested here');
    t.pass();
  });

serialTest('reads records; a lone CR answers at once', async (t) => {
  const { near, say, plug } = wiring(t);
  await plug();
  const sink = new ListeningSink();
  const source = createSource('port', { kind: 'serial', path: near, baudRate: 115_200, parity: 'none' });
  await source.start(sink);
  say('temperature is 20\r\nfan is');
  say(' on\r');
  await sink.untilText('fan is on');
  t.deepEqual(sink.texts, ['temperature is 20', 'fan is on']);
  t.deepEqual(sink.news, []);
  await source.stop();
  await source.stop();
});

serialTest('a device that ends nothing: silence between its bytes does', async (t) => {
  const { near, say, plug } = wiring(t);
  await plug();
  const framing = { by: 'silence', silenceMs: 300 } as const;
  const sink = new ListeningSink({ framing, encoding: 'latin-1' });
  const source = createSource('port', { kind: 'serial', path: near, framing });
  await source.start(sink);
  t.teardown(() => source.stop());
  say('T=20\nH=40');
  await sink.until(() => sink.texts.length === 1);
  say('T=21');
  await sink.untilText('T=21');
  t.deepEqual(sink.texts, ['T=20\nH=40', 'T=21']);
});

serialTest('unplugged: says so, keeps what came before the tear, reads on when it is back', async (t) => {
  const { near, say, plug } = wiring(t);
  const wire = await plug();
  const sink = new ListeningSink();
  const source = createSource('port', { kind: 'serial', path: near });
  await source.start(sink);
  t.teardown(() => source.stop());
  say('whole\n');
  await sink.untilText('whole');
  say('torn off');
  await sink.until(() => sink.receivedBytes === 'whole\ntorn off'.length);
  await wire.pull();
  await sink.untilText('torn off');
  await sink.until(() => sink.news.length === 1);
  t.regex(sink.news[0], /^lost: /);
  await plug();
  await sink.until(() => sink.news.length === 2);
  t.is(sink.news[1], 'back');
  say('here again\n');
  await sink.untilText('here again');
  t.deepEqual(sink.texts, ['whole', 'torn off', 'here again']);
});

serialTest('unplugged in the middle of a read: noticed all the same', async (t) => {
  const { near, say, plug } = wiring(t);
  const wire = await plug();
  const sink = new ListeningSink();
  const source = createSource('port', { kind: 'serial', path: near });
  let pulled: Promise<void> | undefined;
  await source.start({
    bytes: () => {
      pulled ??= wire.pull();
      // The next read must find a line that was hung up already: the event loop stands still until it is.
      const deadline = performance.now() + 50;
      while (performance.now() < deadline);
      return undefined;
    },
    flush: () => sink.flush(),
    ended: () => sink.ended(),
    lost: (reason) => sink.lost(reason),
    back: () => sink.back(),
    open: () => sink.open(),
    message: () => undefined,
    at: () => undefined,
    missed: () => undefined,
    overrun: () => undefined,
  });
  t.teardown(() => source.stop());
  say('x');
  await sink.until(() => sink.news.length === 1);
  t.regex(sink.news[0], /^lost: /);
  await pulled;
  await plug();
  await sink.until(() => sink.news.length === 2);
  t.is(sink.news[1], 'back');
});

test('what is no serial port is named as that', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'snug-serial-'));
  const file = join(dir, 'file');
  writeFileSync(file, '');
  t.teardown(() => rmSync(dir, { recursive: true }));
  for (const path of ['/dev/null', file, dir]) {
    const sink = new ListeningSink();
    const source = createSource('port', { kind: 'serial', path });
    await source.start(sink);
    await source.stop();
    t.deepEqual(sink.news, [`lost: ${path} is no serial port`]);
  }
});

serialTest('a port that is not there yet is waited for', async (t) => {
  const { near, say, plug } = wiring(t);
  const sink = new ListeningSink();
  const source = createSource('port', { kind: 'serial', path: near });
  await source.start(sink);
  t.teardown(() => source.stop());
  t.is(sink.news.length, 1);
  t.regex(sink.news[0], /^lost: .*near/);
  await plug();
  await sink.until(() => sink.news.length === 2);
  say('hello\n');
  await sink.untilText('hello');
  t.deepEqual(sink.texts, ['hello']);
});

serialTest('stopped while it waits for the port, it ends at once', async (t) => {
  const { near } = wiring(t);
  const sink = new ListeningSink();
  const source = createSource('port', { kind: 'serial', path: near });
  await source.start(sink);
  await source.stop();
  t.is(sink.news.length, 1);
});
