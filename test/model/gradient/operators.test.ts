/** Every operator's gradient by itself, in double precision where onnxruntime has it. */
import test, { type ExecutionContext } from 'ava';
import { activate, activatedWithSlope } from '../../../src/model/gradient/activate.js';
import { affine, affineInput, affineParameters } from '../../../src/model/gradient/affine.js';
import { attend, attendGradient } from '../../../src/model/gradient/attend.js';
import { crossEntropy, pool, poolGradient } from '../../../src/model/gradient/classify.js';
import { dropping } from '../../../src/model/gradient/drop.js';
import { Emitter, type Real } from '../../../src/model/gradient/emitter.js';
import { normalise, normaliseGradient, standardised } from '../../../src/model/gradient/normalise.js';
import { Tensor } from '../../../src/runtime/index.js';
import { seededRandom } from '../../../src/train/index.js';
import { dot, type Numbers, normals, opened, sizeBetween, slopesAgree } from './differences.js';

interface Operator {
  readonly type?: Real;
  readonly reals: Readonly<Record<string, Numbers>>;
  readonly others?: Readonly<Record<string, Tensor>>;
  /** Inputs that have no gradient. */
  readonly fixed?: readonly string[];
  /** Emits the operator over inputs of the reals' names, and its gradients from that of the result. */
  readonly emit: (
    emit: Emitter,
    dy: string,
  ) => { readonly y: string; readonly gradients: Readonly<Record<string, string>> };
  readonly result: readonly number[];
}

/** The slope of Σ dy · y, dy being random, along every input. */
async function gradientHolds(t: ExecutionContext, operator: Operator): Promise<void> {
  const { type = 'float64', reals, others, fixed = [], result } = operator;
  const emit = new Emitter('operator', type);
  for (const [name, { dims }] of Object.entries(reals)) emit.input(name, dims);
  const { y, gradients } = operator.emit(emit, emit.input('dy', result));
  emit.output('y', y, result);
  for (const [name, value] of Object.entries(gradients)) emit.output(`d.${name}`, value, reals[name].dims);
  const run = await opened(t, emit.encode(), type);
  const dy = normals(seededRandom(5), result);
  const given = await run({ reals: { ...reals, dy }, others });
  t.deepEqual(
    Object.keys(gradients).sort(),
    Object.keys(reals)
      .filter((name) => !fixed.includes(name))
      .sort(),
  );
  await slopesAgree(
    t,
    type,
    reals,
    async (at) => dot((await run({ reals: { ...at, dy }, others })).y.values, dy.values),
    Object.fromEntries(Object.keys(gradients).map((name) => [name, given[`d.${name}`]])),
  );
}

const seeds = [1, 2, 3];

test('a dense layer', async (t) => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const [rows, inputs, outputs] = [9, 12, 7].map((most) => sizeBetween(random, 1, most));
    await gradientHolds(t, {
      reals: {
        x: normals(random, [rows, inputs]),
        weight: normals(random, [outputs, inputs]),
        bias: normals(random, [outputs]),
      },
      result: [rows, outputs],
      emit: (emit, dy) => ({
        y: affine(emit, 'x', 'weight', 'bias'),
        gradients: { x: affineInput(emit, 'weight', dy), ...affineParameters(emit, 'x', dy) },
      }),
    });
  }
});

test('what is already there is added to a dense layer’s input gradient', async (t) => {
  const emit = new Emitter('sum', 'float64');
  const [weight, dy, plus] = (['weight', 'dy', 'plus'] as const).map((name) => emit.input(name, ['a', 'b']));
  emit.output('alone', affineInput(emit, weight, dy), ['a', 'b']);
  emit.output('sum', affineInput(emit, weight, dy, plus), ['a', 'b']);
  const random = seededRandom(4);
  const reals = { weight: normals(random, [3, 5]), dy: normals(random, [2, 3]), plus: normals(random, [2, 5]) };
  const { alone, sum } = await (await opened(t, emit.encode(), 'float64'))({ reals });
  for (const [i, value] of sum.values.entries())
    t.true(Math.abs(value - alone.values[i] - reals.plus.values[i]) < 1e-12);
});

test('layer normalisation', async (t) => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const [rows, channels] = [sizeBetween(random, 1, 6), sizeBetween(random, 3, 20)];
    await gradientHolds(t, {
      reals: {
        x: normals(random, [rows, channels], 2, 1),
        weight: normals(random, [channels], 0.3, 1),
        bias: normals(random, [channels]),
      },
      result: [rows, channels],
      emit: (emit, dy) => {
        const { y, ...moments } = normalise(emit, 'n', 'x', 'weight', 'bias', 1e-5);
        const standard = standardised(emit, 'x', moments);
        return { y, gradients: { ...normaliseGradient(emit, standard, moments.inverse, 'weight', dy) } };
      },
    });
  }
});

test('layer normalisation by onnxruntime’s operator gives the same rows and moments as written out', async (t) => {
  const random = seededRandom(8);
  const reals = {
    x: normals(random, [5, 11], 3, 2),
    weight: normals(random, [11], 0.3, 1),
    bias: normals(random, [11]),
  };
  const [short, long] = await Promise.all(
    (['float32', 'float64'] as const).map(async (type) => {
      const emit = new Emitter('normalise', type);
      for (const [name, { dims }] of Object.entries(reals)) emit.input(name, dims);
      for (const [name, value] of Object.entries(normalise(emit, 'n', 'x', 'weight', 'bias', 1e-5)))
        emit.output(name, value, ['rows', 'columns']);
      return (await opened(t, emit.encode(), type))({ reals });
    }),
  );
  for (const name of ['y', 'mean', 'inverse'])
    for (const [i, value] of short[name].values.entries()) t.true(Math.abs(value - long[name].values[i]) < 1e-5);
});

for (const [activation, type] of [
  ['gelu', 'float32'],
  ['gelu_new', 'float64'],
  ['relu', 'float64'],
] as const)
  test(`${activation}, in ${type}: forward, what is worked out anew, and the slope`, async (t) => {
    const random = seededRandom(6);
    const dims = [4, 33];
    const operator = (value: 'forward' | 'again'): Operator => ({
      type,
      reals: { x: normals(random, dims, 2) },
      result: dims,
      emit: (emit, dy) => {
        const { value: again, slope } = activatedWithSlope(emit, 'x', activation);
        const y = value === 'again' ? again : activate(emit, 'x', activation);
        return { y, gradients: { x: emit.multiply(dy, slope) } };
      },
    });
    await gradientHolds(t, operator('forward'));
    await gradientHolds(t, operator('again'));
  });

test('gelu’s slope against the integral of the bell curve', async (t) => {
  const emit = new Emitter('gelu');
  const { value, slope } = activatedWithSlope(emit, emit.input('x', ['n']), 'gelu');
  emit.output('value', value, ['n']);
  emit.output('slope', slope, ['n']);
  const x = Float64Array.from({ length: 81 }, (_, i) => (i - 40) / 8);
  const given = await (await opened(t, emit.encode(), 'float32'))({ reals: { x: { dims: [81], values: x } } });
  const bell = (at: number) => Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI);
  for (const [i, at] of x.entries()) {
    // Simpson's rule from 0.
    const [steps, width] = [400, at / 400];
    let below = bell(0) + bell(at);
    for (let k = 1; k < steps; k++) below += (k % 2 === 0 ? 2 : 4) * bell(k * width);
    const share = 0.5 + (below * width) / 3;
    t.true(Math.abs(given.value.values[i] - at * share) < 2e-6, `value at ${at}`);
    t.true(Math.abs(given.slope.values[i] - share - at * bell(at)) < 2e-6, `slope at ${at}`);
  }
});

test('attention: padding, numbers of heads, dropped probabilities', async (t) => {
  for (const [seed, dropped, type] of [
    [1, false, 'float64'],
    [2, false, 'float64'],
    [3, true, 'float64'],
    [4, true, 'float64'],
    [5, false, 'float32'],
    [6, true, 'float32'],
  ] as const) {
    const random = seededRandom(seed);
    const [texts, tokens, heads, headSize] = [3, 6, 4, 5].map((most) => sizeBetween(random, 1, most));
    const dims = [texts * tokens, heads * headSize];
    const mask = Float64Array.from({ length: texts * tokens }, (_, i) => (i % tokens === 0 || random() < 0.6 ? 1 : 0));
    const square = [texts, heads, tokens, tokens];
    const drop = Uint8Array.from({ length: texts * heads * tokens * tokens }, () => (random() < 0.7 ? 1 : 0));
    await gradientHolds(t, {
      type,
      reals: {
        q: normals(random, dims),
        k: normals(random, dims),
        v: normals(random, dims),
        mask: { dims: [texts, tokens], values: mask },
        ...(dropped && { keep: { dims: [], values: Float64Array.of(1 / 0.7) } }),
      },
      others: dropped ? { drop: new Tensor('uint8', drop, square) } : {},
      fixed: ['mask', 'keep'],
      result: dims,
      emit: (emit, dy) => {
        const keep = dropped ? emit.multiply(emit.cast(emit.whole('drop', 'uint8', square)), 'keep') : undefined;
        const by = (value: string) => (keep === undefined ? value : emit.multiply(value, keep));
        const [rows, layout] = [
          { q: 'q', k: 'k', v: 'v' },
          { mask: 'mask', headSize },
        ];
        const { context, heads: split, probabilities } = attend(emit, rows, layout, by);
        return { y: context, gradients: { ...attendGradient(emit, split, probabilities, layout, by, dy) } };
      },
    });
  }
});

test('dropout is its mask and the factor of the survivors, in both directions', async (t) => {
  for (const type of ['float64', 'float32'] as const) {
    const emit = new Emitter('drop', type);
    const drop = dropping(emit, true);
    emit.output('y', drop(emit.input('x', [4]), 'mask', ['4']), [4]);
    const run = await opened(t, emit.encode(), type);
    const x = { dims: [4], values: Float64Array.of(1, 2, 3, 4) };
    const { y } = await run({
      reals: { x, keep: { dims: [], values: Float64Array.of(2) } },
      others: { mask: new Tensor('uint8', Uint8Array.of(1, 0, 1, 0), [4]) },
    });
    t.deepEqual([...y.values], [2, 0, 6, 0]);
  }
  t.is(dropping(new Emitter('none'), false)('x', 'mask', []), 'x');
});

test('pooling', async (t) => {
  const random = seededRandom(9);
  const [texts, tokens, channels] = [3, 4, 5];
  await gradientHolds(t, {
    reals: { h: normals(random, [texts * tokens, channels]), shares: normals(random, [texts, 1, tokens]) },
    fixed: ['shares'],
    result: [texts, channels],
    emit: (emit, dy) => ({ y: pool(emit, 'h', 'shares'), gradients: { h: poolGradient(emit, 'h', 'shares', dy) } }),
  });
});

test('cross entropy: one label, smoothed, soft, and rows that count for nothing', async (t) => {
  const targets = Float64Array.of(1, 0, 0, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4, 0, 0, 0);
  const emit = new Emitter('loss', 'float64');
  const { loss, gradient } = crossEntropy(emit, emit.input('z', [4, 3]), emit.input('targets', [4, 3]));
  emit.output('loss', loss, []);
  emit.output('d.z', gradient, [4, 3]);
  const run = await opened(t, emit.encode(), 'float64');
  const reals = { z: normals(seededRandom(3), [4, 3], 3), targets: { dims: [4, 3], values: targets } };
  const given = await run({ reals });
  const logs = [0, 1, 2].map((row) => {
    const z = reals.z.values.subarray(row * 3, row * 3 + 3);
    const total = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
    return z.reduce((sum, value, i) => sum - targets[row * 3 + i] * (value - total), 0);
  });
  t.true(Math.abs(given.loss.values[0] - logs.reduce((sum, value) => sum + value, 0)) < 1e-12);
  t.deepEqual([...given['d.z'].values.subarray(9)], [0, 0, 0]);
  await slopesAgree(t, 'float64', reals, async (at) => (await run({ reals: at })).loss.values[0], {
    z: given['d.z'],
  });
});
