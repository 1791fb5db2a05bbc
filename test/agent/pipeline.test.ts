/** From sources to predictions: order, fairness, back-pressure, errors, and the three ways to end. */
import test from 'ava';
import { Pipeline, type PipelineEvent, type PipelineOptions } from '../../agent/pipeline.js';
import type { PredictedRecord } from '../../agent/record.js';
import { SnugError } from '../../src/errors/index.js';
import { HandSource } from './support/hand-source.js';
import { keywordModel } from './support/keyword-model.js';

/** A running pipeline over hand-fed sources, with all that came out of it. */
async function running(names: readonly string[], more: Partial<PipelineOptions> = {}) {
  const sources = names.map((name) => new HandSource(name));
  const model = keywordModel();
  const out: PredictedRecord[] = [];
  const events: PipelineEvent[] = [];
  const pipeline = new Pipeline({
    model,
    sources: sources.map((source) => ({ source })),
    onPredictions: (records) => {
      out.push(...records);
    },
    onEvent: (event) => events.push(event),
    ...more,
  });
  await pipeline.start();
  return { pipeline, sources, model, out, events };
}

const lines = (count: number, word = 'line') => Array.from({ length: count }, (_, i) => `${word} ${i}`);
const turn = () => new Promise((resolve) => setImmediate(resolve));
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

test('every record comes out once, in order, with what the model said', async (t) => {
  const { pipeline, sources, out, model } = await running(['a'], { clock: () => Date.UTC(2026, 0, 1) });
  await sources[0].say('what is my balance', 'hello');
  await sources[0].say(...lines(500));
  sources[0].sink.ended();
  await pipeline.ended;
  t.is(out.length, 502);
  t.true(out.every((record, i) => record.seq === i + 1));
  t.like(out[0], {
    source: 'a',
    seq: 1,
    ts: '2026-01-01T00:00:00.000Z',
    text: 'what is my balance',
    prediction: { label: 'balance', score: 0.9 },
    profile: 'w1.00-p0.00-q8',
  });
  t.true(model.calls.every((texts) => texts.length <= 32));
  t.true(model.calls.length < 30, 'texts share batches');
  t.like(pipeline.stats(), { predicted: 502, refused: 501, failed: 0 });
  t.true(sources[0].stopped);
});

test('a lone record is answered at once, those that came meanwhile share the next batch', async (t) => {
  const { pipeline, sources, model } = await running(['a']);
  const held = model.hold();
  await sources[0].say('first');
  await turns(3);
  t.deepEqual(model.calls, [['first']]);
  await sources[0].say('second');
  await sources[0].say('third');
  held.release();
  await pipeline.drain();
  t.deepEqual(model.calls, [['first'], ['second', 'third']]);
});

test('with a wait limit a batch waits until it is full, its oldest record is due, or nothing more will come', async (t) => {
  let nowMs = 0;
  const { pipeline, sources, model } = await running(['a'], { maxBatch: 3, maxWaitMs: 10_000, now: () => nowMs });
  await sources[0].say('1', '2');
  await turns(5);
  t.deepEqual(model.calls, []);
  await sources[0].say('3', '4');
  await turns(5);
  t.deepEqual(model.calls, [['1', '2', '3']]);
  nowMs = 10_000;
  await sources[0].say('5');
  await turns(5);
  t.deepEqual(model.calls.slice(1), [['4', '5']]);
  await sources[0].say('6');
  await pipeline.drain();
  t.deepEqual(model.calls.slice(2), [['6']]);
});

test('a flood in one source does not hold up another', async (t) => {
  const { pipeline, sources, model, out } = await running(['flood', 'drip'], { maxBatch: 8 });
  const held = model.hold();
  const flooding = sources[0].say(...lines(5000));
  await turns(2);
  await sources[1].say(...lines(10, 'drop'));
  held.release();
  await flooding;
  await pipeline.drain();
  const place = out.findIndex((record) => record.source === 'drip' && record.seq === 10);
  t.true(place < 50, `the tenth drop came out as number ${place + 1}`);
  for (const name of ['flood', 'drip']) {
    const seqs = out.filter((record) => record.source === name).map((record) => record.seq);
    t.true(seqs.every((seq, i) => seq === i + 1));
  }
  t.is(out.length, 5010);
});

test('block: a source waits while its queue is full, and nothing is lost', async (t) => {
  const model = keywordModel();
  const source = new HandSource('a');
  const out: PredictedRecord[] = [];
  const pipeline = new Pipeline({
    model,
    sources: [{ source, queue: { size: 10 } }],
    maxBatch: 4,
    onPredictions: (records) => {
      out.push(...records);
    },
  });
  await pipeline.start();
  const held = model.hold();
  let waited = true;
  const said = source.say(...lines(100)).then(() => {
    waited = false;
  });
  await turns(5);
  t.true(waited);
  t.true(pipeline.stats().sources[0].queued <= 10);
  t.true(pipeline.stats().sources[0].records <= 14, 'lines behind the queue are not even framed');
  held.release();
  await said;
  await pipeline.drain();
  t.deepEqual(
    out.map((record) => record.text),
    lines(100),
  );
});

test('drop-oldest: a source that cannot wait goes on, what is lost is counted and shows as a gap in seq', async (t) => {
  const model = keywordModel();
  const source = new HandSource('port', false);
  const out: PredictedRecord[] = [];
  const pipeline = new Pipeline({
    model,
    sources: [{ source, queue: { size: 10 } }],
    onPredictions: (records) => {
      out.push(...records);
    },
  });
  await pipeline.start();
  await source.say(...lines(100));
  await pipeline.drain();
  t.deepEqual(
    out.map((record) => record.seq),
    [91, 92, 93, 94, 95, 96, 97, 98, 99, 100],
  );
  t.like(pipeline.stats().sources[0], { records: 100, drops: { oldest: 90, newest: 0, sampled: 0 } });
});

test('a text that the model cannot answer is reported; its neighbours are answered', async (t) => {
  const { pipeline, sources, out, events } = await running(['a']);
  await sources[0].say('one', 'poison', 'three', 'balance');
  await pipeline.drain();
  t.deepEqual(
    out.map((record) => record.text),
    ['one', 'three', 'balance'],
  );
  const [failed] = events.filter((event) => event.kind === 'record-failed');
  t.like(failed, { record: { seq: 2, text: 'poison' }, error: { message: 'the model chokes on poison' } });
  t.like(pipeline.stats(), { predicted: 3, failed: 1 });
});

test('a slow consumer holds the pipeline back by one batch, and gets one call at a time', async (t) => {
  let open = 0;
  let release = () => {};
  const sizes: number[] = [];
  const { pipeline, sources, model } = await running(['a'], {
    maxBatch: 2,
    onPredictions: async (records) => {
      t.is(++open, 1);
      sizes.push(records.length);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      open--;
    },
  });
  await sources[0].say(...lines(10));
  await turns(20);
  t.is(model.calls.length, 2);
  const drained = pipeline.drain();
  while (sizes.length < 5 || open > 0) {
    release();
    await turn();
  }
  await drained;
  t.deepEqual(sizes, [2, 2, 2, 2, 2]);
});

test('a consumer that throws ends the pipeline with its error, sources stopped', async (t) => {
  for (const fail of [
    () => Promise.reject(new Error('no more')),
    () => {
      throw new Error('no more');
    },
  ]) {
    const { pipeline, sources } = await running(['a'], { onPredictions: fail, maxBatch: 1 });
    void sources[0].say(...lines(5000));
    await t.throwsAsync(pipeline.ended, { message: 'no more' });
    t.true(sources[0].stopped);
  }
});

test('drain answers all that was read, a line without end too, even what waits behind a full queue', async (t) => {
  const { pipeline, sources, out } = await running(['a']);
  void sources[0].say(...lines(3000));
  await turn();
  sources[0].sink.flush();
  await pipeline.drain();
  t.is(out.length, 3000);
});

test('stop ends after the batch in flight', async (t) => {
  const { pipeline, sources, out, model } = await running(['a'], { maxBatch: 4 });
  const held = model.hold();
  void sources[0].say(...lines(3000));
  await turns(2);
  const stopped = pipeline.stop();
  held.release();
  await stopped;
  t.is(out.length, 4);
  await sources[0].say('too late');
  t.is(model.calls.length, 1);
});

test('news of a source is told once each; its proper end ends the pipeline', async (t) => {
  const { pipeline, sources, events } = await running(['a', 'b']);
  const [a, b] = sources;
  a.sink.lost('unplugged');
  a.sink.lost('unplugged');
  t.is(pipeline.stats().sources[0].state, 'lost');
  a.sink.back();
  a.sink.back();
  a.sink.ended();
  await turns(3);
  b.sink.ended(new SnugError('SOURCE_FAILED', 'b: disk error'));
  await pipeline.ended;
  t.deepEqual(
    events.map(({ kind }) => kind),
    ['source-lost', 'source-back', 'source-ended', 'source-ended'],
  );
  t.like(events[3], { source: 'b', problem: { code: 'SOURCE_FAILED' } });
});

test('a source that can never be opened stops the others and says why', async (t) => {
  const good = new HandSource('good');
  const bad = new HandSource('bad');
  bad.start = () => Promise.reject(new SnugError('SOURCE_UNREADABLE', '/x is a folder', { remedy: 'Name a file.' }));
  const pipeline = new Pipeline({
    model: keywordModel(),
    sources: [{ source: good }, { source: bad }],
    onPredictions: () => {},
  });
  const error = await t.throwsAsync<SnugError>(pipeline.start(), {
    code: 'SOURCE_UNREADABLE',
    message: "source 'bad': /x is a folder",
  });
  t.is(error.remedy, 'Name a file.');
  t.true(good.stopped);
});

test('records that were cut or repaired say so', async (t) => {
  const model = keywordModel();
  const source = new HandSource('a');
  const out: PredictedRecord[] = [];
  const pipeline = new Pipeline({
    model,
    sources: [{ source, recordLimitBytes: 16 }],
    onPredictions: (records) => {
      out.push(...records);
    },
  });
  await pipeline.start();
  await source.say('x'.repeat(40), 'fine');
  await source.sink.bytes(Buffer.of(0x61, 0xff, 0x0a));
  await pipeline.drain();
  t.like(out[0], { text: 'x'.repeat(16), cut: true });
  t.false('cut' in out[1] || 'replaced' in out[1]);
  t.like(out[2], { text: 'a\ufffd', replaced: 1 });
  t.like(pipeline.stats().sources[0], { records: 3, cut: 1, replaced: 1 });
});

test('a probe is answered where nothing is to do, after a call that is under way, and after the end', async (t) => {
  const { pipeline, sources, model } = await running(['a']);
  await pipeline.probe();
  const held = model.hold();
  await sources[0].say('first');
  await turns(3);
  let answered = false;
  const probe = pipeline.probe().then(() => {
    answered = true;
  });
  await turns(3);
  t.false(answered, 'the model does not answer');
  held.release();
  await probe;
  sources[0].sink.ended();
  await pipeline.ended;
  await pipeline.probe();
});

test('a flood under drop-oldest: the newest are answered, each drop is counted, and another source is not starved', async (t) => {
  const flood = new HandSource('flood', false);
  const quiet = new HandSource('quiet');
  const answered: PredictedRecord[] = [];
  const pipeline = new Pipeline({
    model: keywordModel(),
    sources: [{ source: flood, queue: { size: 50, policy: 'drop-oldest' } }, { source: quiet }],
    maxBatch: 8,
    onPredictions: (records) => {
      answered.push(...records);
    },
  });
  await pipeline.start();
  for (let n = 0; n < 200; n++) {
    void flood.say(...Array.from({ length: 100 }, (_, each) => `the balance ${n * 100 + each + 1}`));
    if (n === 100) void quiet.say('the weather');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await pipeline.drain();
  const { sources } = pipeline.stats();
  const seqs = answered.filter(({ source }) => source === 'flood').map(({ seq }) => seq);
  t.is(seqs.length + sources[0].drops.oldest, 20_000);
  t.deepEqual(
    seqs.slice(-50),
    Array.from({ length: 50 }, (_, n) => 19_951 + n),
    'the newest of all',
  );
  t.deepEqual(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
  const other = answered.findIndex(({ source }) => source === 'quiet');
  t.true(other >= 0 && answered[other - 1].seq < 12_000, 'answered in its turn, not after the flood');
});
