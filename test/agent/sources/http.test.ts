/** Text by HTTP POST, against a real client. */
import { request } from 'node:http';
import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createSource, type SourceOptions } from '../../../agent/sources/index.js';
import { freePort } from '../support/brokers.js';
import { ListeningSink } from '../support/listening-sink.js';

async function started(t: ExecutionContext, more: Partial<SourceOptions & { kind: 'http' }> = {}) {
  const port = await freePort();
  const options: SourceOptions = { kind: 'http', listen: String(port), ...more };
  const source = createSource('web', options);
  const sink = new ListeningSink(options);
  await source.start(sink);
  t.teardown(() => source.stop());
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });
  return { source, sink, post, port };
}

test('the lines of a body are records; the answer comes once they are kept', async (t) => {
  const { source, sink, post } = await started(t);
  let answered = false;
  const posted = post('one\ntwo').then((response) => {
    answered = true;
    return response;
  });
  await sink.untilText('two');
  t.deepEqual(sink.texts, ['one', 'two']);
  source.kept?.(sink.pieces[0].position ?? {});
  t.false(answered, 'the first record is not all of it');
  source.kept?.(sink.pieces[1].position ?? {});
  const response = await posted;
  t.is(response.status, 200);
  t.deepEqual(await response.json(), { kept: true });
});

test('a body without records is kept at once', async (t) => {
  const { source, sink, post } = await started(t);
  const posted = post('\n\n');
  await sink.until(() => sink.position !== undefined);
  source.kept?.(sink.position ?? {});
  t.is((await posted).status, 200);
});

test('framing and encoding as elsewhere: a body as one record', async (t) => {
  const { source, sink, post } = await started(t, { framing: { by: 'whole' }, encoding: 'latin-1' });
  const posted = post(Buffer.from([0x67, 0xfc, 0x0a, 0x67]));
  await sink.untilText('gü\ng');
  source.kept?.(sink.position ?? {});
  t.is((await posted).status, 200);
});

test('what is refused, and with what', async (t) => {
  const { sink, post, port } = await started(t, { token: 'secret', maxBodyBytes: 100 });
  const auth = { authorization: 'Bearer secret' };
  t.is((await fetch(`http://127.0.0.1:${port}/`)).status, 405);
  t.is((await post('x')).status, 401);
  t.is((await post('x', { authorization: 'Bearer wrong!' })).status, 401);
  t.is((await post('x', { ...auth, 'content-encoding': 'gzip' })).status, 415);
  t.is((await post('x'.repeat(101), auth)).status, 413);
  const fromPage = await new Promise<number | undefined>((resolve) => {
    request({ port, method: 'POST', headers: { ...auth, origin: 'http://evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end('x');
  });
  t.is(fromPage, 403);
  t.deepEqual(sink.texts, []);
});

test('a body in chunks without a length ends at the limit', async (t) => {
  const { sink, port } = await started(t, { maxBodyBytes: 1000 });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const posting = request({ port, method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    posting.on('error', reject);
    posting.write('x'.repeat(600));
    posting.write('x'.repeat(600));
  });
  t.is(status, 413);
  t.deepEqual(sink.texts, []);
});

test('senders that all at once send more than may be held are told to come again; memory goes free', async (t) => {
  const { source, sink, post } = await started(t, { maxBodyBytes: 1024 * 1024 });
  sink.full = true;
  const body = 'x'.repeat(1024 * 1024 - 1);
  const statuses: number[] = [];
  const posted = Array.from({ length: 20 }, () => post(body).then(({ status }) => statuses.push(status)));
  const told = setInterval(() => sink.position && source.kept?.(sink.position), 5);
  t.teardown(() => clearInterval(told));
  while (!statuses.includes(503)) await new Promise((resolve) => setTimeout(resolve, 5));
  sink.full = false;
  sink.refill();
  await Promise.all(posted);
  t.is(statuses.length, 20);
  t.true(statuses.filter((status) => status === 200).length >= 8, String(statuses));
  t.is((await post('after it')).status, 200);
});

test('an end while a sender waits: it is told to send again', async (t) => {
  const { source, sink, post } = await started(t);
  const posted = post('one\n');
  await sink.untilText('one');
  await source.stop();
  t.is((await posted).status, 503);
});

test('an end while a sender waits, and what it sent is kept in time: it is told so', async (t) => {
  const { source, sink, post } = await started(t);
  const posted = post('one\n');
  await sink.untilText('one');
  const stopped = source.stop();
  source.kept?.(sink.position ?? {});
  t.is((await posted).status, 200);
  await stopped;
});

test('garbage instead of HTTP harms nothing', async (t) => {
  const { source, sink, post, port } = await started(t);
  const socket = connect(port, '127.0.0.1', () => socket.end('\0\xff'.repeat(50_000)));
  socket.on('error', () => undefined);
  const posted = post('still here');
  await sink.untilText('still here');
  source.kept?.(sink.position ?? {});
  t.is((await posted).status, 200);
});
