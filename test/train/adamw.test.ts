/** The optimiser against its formula, written out in double precision. */
import test from 'ava';
import { AdamW, Parameters, seededRandom } from '../../src/train/index.js';
import { WORDS } from '../../src/train/parameters.js';

/** The formula as torch.optim.AdamW has it, for one number over its gradients. */
function plain(start: number, gradients: readonly number[], rates: readonly number[], decay: number): number {
  let [value, mean, square] = [start, 0, 0];
  for (const [i, g] of gradients.entries()) {
    const step = i + 1;
    value *= 1 - rates[i] * decay;
    mean += (g - mean) * 0.1;
    square = 0.999 * square + 0.001 * g * g;
    const root = Math.sqrt(square) / Math.sqrt(1 - 0.999 ** step) + 1e-8;
    value -= (rates[i] / (1 - 0.9 ** step)) * (mean / root);
  }
  return value;
}

/** A matrix, a bias, a normalisation and four words. */
function some(): Parameters {
  const random = seededRandom(1);
  const parameters = new Parameters();
  const add = (name: string, shape: number[], count: number) =>
    parameters.add(
      name,
      shape,
      Float32Array.from({ length: count }, () => random() - 0.5),
    );
  add('dense.weight', [3, 5], 15);
  add('dense.bias', [3], 3);
  add('output.LayerNorm.weight', [5], 5);
  add(WORDS, [4, 2], 8);
  return parameters;
}

function give(parameters: Parameters, name: string, values: readonly number[]): void {
  parameters.gradientOf(name).set(values);
}

test('five steps of everything but words: decay for matrices only, a rate of its own by name', async (t) => {
  const parameters = some();
  const random = seededRandom(2);
  const rates = [0.01, 0.02, 0.03, 0.02, 0.01];
  const names = ['dense.weight', 'dense.bias', 'output.LayerNorm.weight'];
  const before = new Map(names.map((name) => [name, parameters.of(name).values.slice()]));
  const given = new Map(names.map((name) => [name, [] as number[][]]));
  const optimiser = new AdamW(parameters, { weightDecay: 0.3, rateOf: (name) => (name === 'dense.bias' ? 10 : 1) });
  for (const rate of rates) {
    for (const name of names) {
      const gradient = Array.from(parameters.of(name).values, () => 3 * (random() - 0.5));
      give(parameters, name, gradient);
      given.get(name)?.push(gradient);
    }
    await optimiser.step(rate);
  }
  for (const name of names)
    for (const [i, value] of parameters.of(name).values.entries()) {
      const gradients = (given.get(name) ?? []).map((gradient) => gradient[i]);
      const own = rates.map((rate) => rate * (name === 'dense.bias' ? 10 : 1));
      const expected = plain(before.get(name)?.[i] ?? 0, gradients, own, name === 'dense.weight' ? 0.3 : 0);
      t.true(Math.abs(value - expected) < 2e-6, `${name} ${i}: ${value}, ${expected}`);
    }
});

test('gradients that are too long together are cut to the limit', async (t) => {
  const [clipped, scaled] = [some(), some()];
  const values = Array.from({ length: 15 }, (_, i) => i - 7);
  give(clipped, 'dense.weight', values);
  give(clipped, 'dense.bias', [3, 0, 4]);
  const length = Math.sqrt(280 + 25);
  t.true(Math.abs((await new AdamW(clipped, { weightDecay: 0, epsilon: 1 }).step(0.1, 2)) - length) < 1e-9);
  give(
    scaled,
    'dense.weight',
    values.map((x) => (x * 2) / length),
  );
  give(scaled, 'dense.bias', [6 / length, 0, 8 / length]);
  t.true((await new AdamW(scaled, { weightDecay: 0, epsilon: 1 }).step(0.1, 2.001)) < 2.001);
  for (const name of ['dense.weight', 'dense.bias'])
    for (const [i, value] of clipped.of(name).values.entries())
      t.true(Math.abs(value - scaled.of(name).values[i]) < 1e-7);
});

test('a word’s vector goes on by its momentum once a text had it, and stays as it is until then', async (t) => {
  const parameters = some();
  const before = parameters.of(WORDS).values.slice();
  const optimiser = new AdamW(parameters, { weightDecay: 0.1 });
  const touch = (word: number, gradient: readonly number[]) => {
    parameters.touchedWords.add(word);
    parameters.of(WORDS).gradient.set(gradient, word * 2);
  };
  touch(1, [1, -2]);
  await optimiser.step(0.01);
  touch(3, [5, 5]);
  await optimiser.step(0.01);
  const now = parameters.of(WORDS).values;
  t.deepEqual([...now.subarray(0, 2), ...now.subarray(4, 6)], [...before.subarray(0, 2), ...before.subarray(4, 6)]);
  for (const [i, g] of [1, -2].entries())
    t.true(Math.abs(now[2 + i] - plain(before[2 + i], [g, 0], [0.01, 0.01], 0.1)) < 1e-6);
  t.true(parameters.gradientOf(WORDS).every((x) => x === 0));
});

test('a gradient that is not finite changes nothing', async (t) => {
  const parameters = some();
  const before = [...parameters].map(({ values }) => values.slice());
  const optimiser = new AdamW(parameters, { weightDecay: 0.1 });
  give(parameters, 'dense.bias', [1, Number.NaN, 0]);
  t.true(Number.isNaN(await optimiser.step(0.1)));
  t.is(optimiser.steps, 0);
  t.deepEqual(
    [...parameters].map(({ values }) => values),
    before,
  );
});

test('a large matrix goes through onnxruntime, in place, to the same numbers', async (t) => {
  const random = seededRandom(3);
  const start = Float32Array.from({ length: 450 * 640 }, () => random() - 0.5);
  const gradients = [0, 1, 2].map(() => Array.from(start, () => 2 * (random() - 0.5)));
  const parameters = new Parameters();
  const { values } = parameters.add('dense.weight', [450, 640], start.slice());
  const optimiser = new AdamW(parameters, { weightDecay: 0.1, threads: 2 });
  t.teardown(() => optimiser.close());
  const rates = [0.03, 0.02, 0.01];
  for (const [step, gradient] of gradients.entries()) {
    give(parameters, 'dense.weight', gradient);
    await optimiser.step(rates[step]);
  }
  t.is(parameters.of('dense.weight').values, values);
  for (const [i, value] of values.entries()) {
    const expected = plain(
      start[i],
      gradients.map((gradient) => gradient[i]),
      rates,
      0.1,
    );
    if (Math.abs(value - expected) > 2e-5) t.fail(`${i}: ${value}, ${expected}`);
  }
  t.true(values.some((value, i) => Math.abs(value - start[i]) > 0.01));
});
