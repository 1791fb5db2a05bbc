/** The emitted graph against the reference implementation, on four tiny checkpoints (test/fixtures/checkpoints/make.py). */
import test from 'ava';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { fixture, fixtureNames, rowOf, runningCheckpoint, unit, worst } from './support.js';

const TOLERANCE = 1e-4;

for (const name of fixtureNames) {
  test(`${name}: token ids, exactly`, async (t) => {
    const { checkpoint, expected } = await fixture(t, name);
    t.is(checkpoint.maxTokens, expected.maxTokens);
    t.deepEqual(checkpoint.pooling, expected.pooling);
    const tokenizer = await loadTokenizer(checkpoint.tokenizer.path, { maxTokens: checkpoint.maxTokens });
    for (const { text, inputIds, truncated } of expected.texts)
      t.deepEqual(tokenizer.encode(text), { ids: [...inputIds], truncated }, text);
  });

  test(`${name}: hidden states, pooled vector and logits of a text alone`, async (t) => {
    const { checkpoint, expected } = await fixture(t, name);
    const session = await runningCheckpoint(t, checkpoint, { hiddenStates: true });
    const states = Array.from({ length: checkpoint.config.layers + 1 }, (_, i) => `hidden_${i}`);
    let compared = 0;
    for (const { text, inputIds, hiddenStates, pooled, logits } of expected.texts) {
      const outputs = await session.run([inputIds], 0, ['pooled', ...(logits ? ['logits'] : []), ...states]);
      const vector = expected.pooling.normalize ? unit(outputs.pooled) : outputs.pooled;
      t.true(worst(vector, pooled) <= TOLERANCE, `pooled of ${text}: ${worst(vector, pooled)}`);
      if (logits) t.true(worst(outputs.logits, logits) <= TOLERANCE, `logits of ${text}`);
      for (const [state, tokens] of hiddenStates?.entries() ?? []) {
        t.true(worst(outputs[`hidden_${state}`], tokens.flat()) <= TOLERANCE, `state ${state} of ${text}`);
        compared++;
      }
    }
    t.true(compared >= 6, 'no hidden states were compared');
  });

  test(`${name}: the same texts padded together`, async (t) => {
    const { checkpoint, expected } = await fixture(t, name);
    const session = await runningCheckpoint(t, checkpoint);
    const rows = expected.texts.map(({ inputIds }) => inputIds);
    const names = expected.labels ? ['pooled', 'logits'] : ['pooled'];
    const outputs = await session.run(rows, checkpoint.config.padTokenId, names);
    for (const [row, { text, padded }] of expected.texts.entries()) {
      const own = rowOf(outputs.pooled, rows.length, row);
      t.true(worst(expected.pooling.normalize ? unit(own) : own, padded.pooled) <= TOLERANCE, text);
      if (padded.logits)
        t.true(worst(rowOf(outputs.logits, rows.length, row), padded.logits) <= TOLERANCE, `logits of ${text}`);
    }
  });
}

test('what stands in the padding does not matter', async (t) => {
  const { checkpoint, expected } = await fixture(t, 'bert-mean');
  const rows = expected.texts.map(({ inputIds }) => inputIds);
  for (const mode of ['mean', 'max', 'cls', 'mean_sqrt_len'] as const) {
    const session = await runningCheckpoint(t, checkpoint, { pooling: { mode } });
    const [one, other] = [await session.run(rows, 0, ['pooled']), await session.run(rows, 17, ['pooled'])];
    t.deepEqual(one.pooled, other.pooled, mode);
  }
});

for (const mode of ['max', 'mean_sqrt_len'] as const)
  test(`pooling by ${mode}, alone and padded, from the reference's last hidden state`, async (t) => {
    const { checkpoint, expected } = await fixture(t, 'bert-mean');
    const session = await runningCheckpoint(t, checkpoint, { pooling: { mode } });
    const rows = expected.texts.map(({ inputIds }) => inputIds);
    const together = (await session.run(rows, 0, ['pooled'])).pooled;
    let compared = 0;
    for (const [row, { hiddenStates, inputIds }] of expected.texts.entries()) {
      const last = hiddenStates?.at(-1);
      if (!last) continue;
      const pooled = last[0].map((_, channel) => {
        const values = last.map((token) => token[channel]);
        if (mode === 'max') return Math.max(...values);
        return values.reduce((sum, x) => sum + x, 0) / Math.sqrt(values.length);
      });
      t.true(worst((await session.run([inputIds], 0, ['pooled'])).pooled, pooled) <= TOLERANCE);
      t.true(worst(rowOf(together, rows.length, row), pooled) <= TOLERANCE);
      compared++;
    }
    t.is(compared, 2);
  });

test('8 bits stay near float32 on every fixture', async (t) => {
  for (const name of fixtureNames) {
    const { checkpoint, expected } = await fixture(t, name);
    const session = await runningCheckpoint(t, checkpoint, { bits: 8 });
    for (const { text, inputIds, pooled } of expected.texts) {
      const vector = (await session.run([inputIds], 0, ['pooled'])).pooled;
      const similar = unit(vector).reduce((sum, x, i) => sum + x * unit(pooled)[i], 0);
      t.true(similar > 0.99, `${name}: ${similar} for ${text}`);
    }
  }
});
