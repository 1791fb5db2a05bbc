import { createServer } from 'node:net';
import test from 'ava';
import { startBroker } from '../../src/broker/index.js';
import { SnugError } from '../../src/errors/index.js';

test('a free port is found and given back on close', async (t) => {
  const broker = await startBroker({ port: 0 });
  t.regex(broker.url, /^mqtt:\/\/127\.0\.0\.1:\d+$/);
  await broker.close();
  await broker.close();
  const again = await startBroker({ port: broker.port });
  t.is(again.port, broker.port);
  await again.close();
});

test('a taken port is named, or worked around where the caller wants that', async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.teardown(() => other.close());
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const error = await t.throwsAsync(startBroker({ port }), { instanceOf: SnugError });
  t.is(error.code, 'BROKER_PORT');
  t.true(error.message.includes(`port ${port}`));
  const broker = await startBroker({ port, orNextFree: true });
  t.true(broker.port > port);
  await broker.close();
});

test('TLS files that are none are refused', async (t) => {
  const error = await t.throwsAsync(startBroker({ port: 0, tls: { key: 'no key', cert: 'no certificate' } }), {
    instanceOf: SnugError,
  });
  t.is(error.code, 'BROKER_TLS');
});
