/** Listeners and what they connect to, over real sockets. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createSource, type SourceOptions } from '../../../agent/sources/index.js';
import { UdpSource } from '../../../agent/sources/udp.js';
import { freePort, temporaryFolder } from '../support/brokers.js';
import { ListeningSink } from '../support/listening-sink.js';

async function started(t: ExecutionContext, options: SourceOptions) {
  const source = createSource('here', options);
  const sink = new ListeningSink({
    ...options,
    ...(source.framing && { framing: source.framing }),
    parse: source.parse,
  });
  await source.start(sink);
  t.teardown(() => source.stop());
  return { source, sink };
}

async function dial(to: number | string): Promise<Socket> {
  const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

test('tcp: connections are framed apart, each names its peer, and the last line needs no end', async (t) => {
  const port = await freePort();
  const { sink } = await started(t, { kind: 'tcp', listen: `127.0.0.1:${port}` });
  const [one, two] = [await dial(port), await dial(port)];
  one.write('half of ');
  two.write('a whole line\n');
  await sink.untilText('a whole line');
  one.end('a line');
  await sink.untilText('half of a line');
  t.regex(sink.pieces[1].fields?.remote ?? '', /^127\.0\.0\.1:\d+$/);
  two.destroy();
});

test('tcp: no more connections than allowed; when one goes, another may come', async (t) => {
  const port = await freePort();
  const { sink } = await started(t, { kind: 'tcp', listen: String(port), maxConnections: 1 });
  const first = await dial(port);
  first.write('first\n');
  await sink.untilText('first');
  const second = await dial(port);
  await once(second, 'close');
  first.destroy();
  const third = await (async () => {
    for (;;) {
      const socket = await dial(port);
      socket.write('third\n');
      const gone = once(socket, 'close').then(() => false);
      if (await Promise.race([gone, sink.untilText('third').then(() => true)])) return socket;
    }
  })();
  third.destroy();
  t.deepEqual(sink.texts, ['first', 'third']);
});

test('tcp: a full queue makes the sender wait, and nothing is lost', async (t) => {
  const port = await freePort();
  const source = createSource('here', { kind: 'tcp', listen: String(port) });
  const sink = new ListeningSink();
  sink.full = true;
  await source.start(sink);
  t.teardown(() => source.stop());
  const socket = await dial(port);
  const lines = Array.from({ length: 200_000 }, (_, n) => `line ${n}\n`).join('');
  socket.write(lines);
  await sink.until(() => sink.rests > 0);
  t.true(sink.waits);
  t.deepEqual(sink.texts, []);
  sink.full = false;
  sink.refill();
  await sink.untilText('line 199999');
  t.is(sink.texts.length, 200_000);
  socket.destroy();
});

test('tcp: where the port is taken it is waited for', async (t) => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const { sink } = await started(t, { kind: 'tcp', listen: String(port) });
  t.regex(sink.news[0], /^lost: .*EADDRINUSE/);
  other.close();
  await sink.until(() => sink.news.includes('back'));
  (await dial(port)).end('hello\n');
  await sink.untilText('hello');
});

test('tcp as a client: connects, and connects again when the server is back', async (t) => {
  const port = await freePort();
  const serve = async (line: string) => {
    const server = createServer((socket) => socket.write(line)).listen(port, '127.0.0.1');
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => sockets.add(socket));
    await once(server, 'listening');
    return () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
  };
  const { sink } = await started(t, { kind: 'tcp', connect: `127.0.0.1:${port}` });
  t.regex(sink.news[0], /^lost: .*ECONNREFUSED/);
  const end = await serve('one\nto');
  await sink.untilText('one');
  end();
  await sink.untilText('to');
  t.regex(sink.news.at(-1) ?? '', /^lost: /);
  const endAgain = await serve('two\n');
  await sink.untilText('two');
  t.is(sink.news.at(-1), 'back');
  endAgain();
});

test('udp: a datagram is a record, lines within it are its own', async (t) => {
  const port = await freePort();
  const { sink } = await started(t, { kind: 'udp', listen: String(port) });
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  for (const text of ['one\n', '', ' \n', 'two\nlines\r\n', Buffer.from([0x77, 0xff])])
    socket.send(text, port, '127.0.0.1');
  await sink.until(() => sink.texts.length === 3);
  t.deepEqual(sink.texts, ['one', 'two\nlines', 'w\ufffd']);
  t.is(sink.pieces[2].replaced, 1);
});

test('udp: what the kernel dropped while nobody took it is counted', async (t) => {
  const port = await freePort();
  const source = new UdpSource('here', String(port), 10);
  const sink = new ListeningSink();
  await source.start(sink);
  t.teardown(() => source.stop());
  const flood = `const s = require('dgram').createSocket('udp4'); let left = 20000;
    const next = () => left-- > 0 ? s.send(Buffer.alloc(1000, 'x'), ${port}, '127.0.0.1', next) : s.close();
    for (let n = 0; n < 16; n++) next();`;
  spawnSync(process.execPath, ['-e', flood]); // nothing is taken here until it ends
  await sink.until(() => sink.overruns > 0 && sink.overruns + sink.texts.length >= 20_000);
  t.is(sink.overruns + sink.texts.length, 20_000);
});

test('udp over IPv6', async (t) => {
  const port = await freePort();
  const { sink } = await started(t, { kind: 'udp', listen: `[::1]:${port}` });
  if (sink.news.length > 0) {
    t.log('NOT TESTED: no IPv6 here');
    return t.pass();
  }
  const socket = createSocket('udp6');
  t.teardown(() => socket.close());
  socket.send('hello', port, '::1');
  await sink.untilText('hello');
  t.pass();
});

test('syslog over UDP and TCP at one port: header into fields, message into text', async (t) => {
  const port = await freePort();
  const { sink } = await started(t, { kind: 'syslog', listen: String(port) });
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.send('<34>1 2026-01-11T22:14:15.003Z board su - ID47 - what is my balance', port, '127.0.0.1');
  await sink.untilText('what is my balance');
  const tcp = await dial(port);
  tcp.end('<13>Oct  7 22:14:15 pump app[42]: by line\n23 <13>app: by count\nlines');
  await sink.untilText('by count\nlines');
  t.deepEqual(sink.texts, ['what is my balance', 'by line', 'by count\nlines']);
  t.is(sink.pieces[0].fields?.host, 'board');
  t.is(sink.pieces[1].fields?.pid, '42');
});

test('unix: a socket of ours alone, made anew where a killed process left one, gone at the end', async (t) => {
  const path = join(await temporaryFolder(t), 'in.sock');
  const { source, sink } = await started(t, { kind: 'unix', path });
  t.is(statSync(path).mode & 0o777, 0o600);
  (await dial(path)).end('hello\n');
  await sink.untilText('hello');
  const second = await started(t, { kind: 'unix', path });
  t.regex(second.sink.news[0], /^lost: .*EADDRINUSE/, 'one that somebody listens at stays');
  await second.source.stop();
  await source.stop();
  t.false(existsSync(path));
});

test('unix: a file or a folder in the place is left there and named; once it is gone, the socket is made', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'in.sock');
  writeFileSync(path, 'precious');
  const { sink } = await started(t, { kind: 'unix', path });
  t.deepEqual(sink.news, [`lost: ${path} is a file, not a socket; remove it, or take another path`]);
  t.is(readFileSync(path, 'utf8'), 'precious');
  const other = await started(t, { kind: 'unix', path: folder });
  t.deepEqual(other.sink.news, [`lost: ${folder} is a folder, not a socket; remove it, or take another path`]);
  rmSync(path);
  await sink.until(() => sink.news.includes('back'));
});
