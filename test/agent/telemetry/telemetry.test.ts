/** What a telemetry message tells of the sources. */
import test from 'ava';
import { systemClock } from '../../../agent/clock.js';
import type { SourceStats } from '../../../agent/intake.js';
import { Telemetry } from '../../../agent/telemetry/index.js';
import { encode, type Payloads } from '../../../src/protocol/index.js';

const source = (name: string, more: Partial<SourceStats> = {}): SourceStats => ({
  source: name,
  kind: 'follow',
  state: 'open',
  records: 0,
  queued: 0,
  drops: { oldest: 0, newest: 0, sampled: 0, stale: 0, overrun: 0 },
  cut: 0,
  replaced: 0,
  leftOut: { unreadable: 0, filtered: 0, unsampled: 0 },
  ...more,
});

/** The first message of an agent with these sources. */
async function told(sources: readonly SourceStats[]): Promise<Payloads['telemetry']> {
  const none = { count: 0, p50: 0, p95: 0, p99: 0, max: 0 };
  return await new Promise((resolve) => {
    const telemetry = new Telemetry({
      intervalMs: 1,
      clock: systemClock,
      stats: () => ({
        sources,
        predicted: 0,
        refused: 0,
        truncated: 0,
        failed: 0,
        batches: 0,
        latencyMs: none,
        totalMs: none,
      }),
      session: () => 1,
      waiting: () => ({ records: 0, bytes: 0 }),
      publish: (message) => {
        void telemetry.stop();
        resolve(message);
      },
      onDrops: () => undefined,
    });
    telemetry.start();
  });
}

test('invalid bytes of all sources are counted', async (t) => {
  const message = await told([source('a', { replaced: 2 }), source('b', { replaced: 3 })]);
  t.is(message.records.replaced, 5);
  t.notThrows(() => encode('telemetry', message));
});

test('thirty-two sources are listed by name, and how many more there are is told; the message stays small', async (t) => {
  const some = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      source(`conveyor-${i}`, {
        queued: 1000,
        drops: { oldest: 123_456, newest: 0, sampled: 0, stale: 0, overrun: 0 },
        leftOut: { unreadable: 0, filtered: 123_456, unsampled: 0 },
      }),
    );
  const full = await told(some(32));
  t.is(Object.keys(full.queue).length, 32);
  t.is(full.drops['conveyor-31.oldest'], 123_456);
  t.is(full.leftOut?.['conveyor-31.filtered'], 123_456);
  t.false('sourcesMore' in full || 'dropsMore' in full || 'leftOutMore' in full);
  const over = await told([source('quiet'), ...some(39)]);
  t.is(Object.keys(over.queue).length, 32);
  t.deepEqual([over.sourcesMore, over.dropsMore, over.leftOutMore], [8, 7, 7]);
  t.true(encode('telemetry', over).length < 4096, `${encode('telemetry', over).length} bytes`);
});
