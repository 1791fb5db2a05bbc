/** Another model for a stream that goes on: nothing lost, doubled or out of order, whatever happens to the models. */
import test from 'ava';
import { HotSwap } from '../../agent/hot-swap.js';
import { Pipeline } from '../../agent/pipeline.js';
import type { PredictedRecord } from '../../agent/record.js';
import type { Model } from '../../src/infer/types.js';
import { HandSource } from './support/hand-source.js';
import { keywordModel } from './support/keyword-model.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

interface TestModel extends Model {
  closed: boolean;
}

/** A model that takes a turn of the event loop for an answer, and refuses to be asked once it is closed. */
function modelOf(profile: string): TestModel {
  const model = keywordModel();
  return {
    profile,
    labels: [],
    noneLabel: 'none',
    closed: false,
    async predict(texts) {
      if (this.closed) throw new Error(`${profile} was asked after it was closed`);
      await turn();
      if (this.closed) throw new Error(`${profile} was closed while it answered`);
      return model.predict(texts);
    },
    embed: async () => [],
    async close() {
      this.closed = true;
    },
  };
}

/** A running stream with a model that can be exchanged. */
async function streaming(load: (profile: string) => Promise<TestModel> = async (profile) => modelOf(profile)) {
  const source = new HandSource('a');
  const out: PredictedRecord[] = [];
  const failed: unknown[] = [];
  const first = modelOf('first');
  const loaded = [first];
  const pipeline = new Pipeline({
    model: first,
    sources: [{ source }],
    maxBatch: 4,
    onPredictions: (records) => {
      out.push(...records);
    },
    onEvent: (event) => failed.push(event),
  });
  const profiles = {
    load: async (profile: string) => {
      const model = await load(profile);
      loaded.push(model);
      return model;
    },
  };
  const sleep = async () => void (await turn());
  const swap = new HotSwap({ model: first, profiles, pipeline, now: () => performance.now(), sleep });
  await pipeline.start();
  return { source, out, pipeline, swap, loaded, failed };
}

const lines = Array.from({ length: 3000 }, (_, i) => `line ${i}`);

for (const beside of [true, false])
  test(`${beside ? 'beside the old one' : 'after the old one'}: every record once, in order, over many swaps`, async (t) => {
    const { source, out, pipeline, swap, loaded, failed } = await streaming();
    const said = source.say(...lines);
    for (let i = 0; i < 20; i++) {
      const { loadMs, pauseMs, beside: was } = await swap.to(`profile-${i}`, { beside });
      t.is(was, beside);
      t.true(loadMs >= 0 && pauseMs >= 0);
    }
    await said;
    await pipeline.drain();
    t.deepEqual(
      out.map(({ seq }) => seq),
      lines.map((_, i) => i + 1),
    );
    t.deepEqual(failed, [{ kind: 'source-ended', source: 'a' }]);
    const order = [...new Set(out.map(({ profile }) => profile))];
    t.true(order.length > 3, `only ${order} answered`);
    t.deepEqual(
      out.map(({ profile }) => profile),
      out.map(({ profile }) => profile).toSorted((a, b) => order.indexOf(a) - order.indexOf(b)),
      'no profile answers again after the next one has',
    );
    t.deepEqual(
      loaded.map(({ closed }) => closed),
      loaded.map((_, i) => i < loaded.length - 1),
      'all but the last are closed',
    );
  });

test('a batch that is answered text by text, because of one that the model chokes on, goes on with the new model', async (t) => {
  const { source, out, pipeline, swap, failed } = await streaming();
  const said = source.say(...lines.slice(0, 200).map((line, i) => (i % 7 === 0 ? 'poison' : line)));
  for (let i = 0; i < 10; i++) await swap.to(`profile-${i}`, { beside: i % 2 === 0 });
  await said;
  await pipeline.drain();
  const answered = lines.slice(0, 200).flatMap((_, i) => (i % 7 === 0 ? [] : [i + 1]));
  t.deepEqual(
    out.map(({ seq }) => seq),
    answered,
  );
  t.is(failed.length, 200 - answered.length + 1, 'the poisoned ones, and the end of the source');
});

for (const beside of [true, false])
  test(`a model that can't be loaded ${beside ? 'beside' : 'after'} the old one leaves the old profile in force`, async (t) => {
    const { source, out, pipeline, swap } = await streaming(async (profile) => {
      if (profile === 'broken') throw new Error('no such weights');
      return modelOf(profile);
    });
    const said = source.say(...lines.slice(0, 500));
    await t.throwsAsync(swap.to('broken', { beside }), { message: 'no such weights' });
    t.is(swap.model.profile, 'first');
    await said;
    await pipeline.drain();
    t.is(out.length, 500);
    t.true(out.every(({ profile }) => profile === 'first'));
  });

test('a model that loads and then can’t answer is closed again, and never serves', async (t) => {
  const { swap, loaded, pipeline } = await streaming(async (profile) => ({
    ...modelOf(profile),
    predict: () => Promise.reject(new Error('wrong shape')),
  }));
  await t.throwsAsync(swap.to('broken', { beside: true }), { message: 'wrong shape' });
  t.true(loaded[1].closed);
  t.is(swap.model, loaded[0]);
  await pipeline.drain();
});

test('neither the new nor the old one can be loaded: it is tried until one can, and nothing is lost meanwhile', async (t) => {
  let tries = 0;
  const { source, out, pipeline, swap } = await streaming(async (profile) => {
    if (profile === 'broken' || ++tries < 5) throw new Error('no memory');
    return modelOf(profile);
  });
  const said = source.say(...lines.slice(0, 100));
  await t.throwsAsync(swap.to('broken', { beside: false }), { message: 'no memory' });
  await said;
  await pipeline.drain();
  t.is(out.length, 100);
});

test('what makes a profile ready runs while no model is loaded', async (t) => {
  const { swap, loaded, pipeline } = await streaming();
  await swap.to('next', {
    beside: false,
    prepare: async () => {
      t.true(loaded[0].closed);
    },
  });
  t.is(swap.model.profile, 'next');
  await pipeline.drain();
});

test('the pipeline can end while the model is withheld', async (t) => {
  const { source, pipeline, out } = await streaming();
  await pipeline.withhold();
  void source.say(...lines.slice(0, 10));
  await turn();
  await pipeline.stop();
  t.is(out.length, 0);
});

test('closing waits for the swap that is under way', async (t) => {
  const { swap, loaded, pipeline } = await streaming();
  const swapped = swap.to('next', { beside: true });
  await swap.close();
  await swapped;
  t.deepEqual(
    loaded.map(({ closed }) => closed),
    [true, true],
  );
  await pipeline.stop();
});
