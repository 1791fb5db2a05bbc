/** The minimiser on functions whose minimum is known. */
import test from 'ava';
import { minimise, type Objective } from '../../src/train/lbfgs.js';

const options = { tolerance: 1e-8, maxIterations: 500 };

/** ½ Σ scaleᵢ (xᵢ − centreᵢ)², with scales over four powers of ten. */
const scales = Float64Array.from({ length: 20 }, (_, i) => 10 ** ((4 * i) / 19 - 2));
const centre = Float64Array.from({ length: 20 }, (_, i) => Math.sin(i));
const quadratic: Objective = async (x) => ({
  value: x.reduce((sum, xi, i) => sum + (scales[i] * (xi - centre[i]) ** 2) / 2, 0),
  gradient: x.map((xi, i) => scales[i] * (xi - centre[i])),
});

/** Rosenbrock's valley, minimum 0 at (1, …, 1). */
const rosenbrock: Objective = async (x) => {
  const gradient = new Float64Array(x.length);
  let value = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const [a, b] = [x[i + 1] - x[i] ** 2, 1 - x[i]];
    value += 100 * a ** 2 + b ** 2;
    gradient[i] += -400 * a * x[i] - 2 * b;
    gradient[i + 1] += 200 * a;
  }
  return { value, gradient };
};

test('a badly scaled quadratic', async (t) => {
  const { point, value } = await minimise(quadratic, new Float64Array(20), options);
  t.true(point.every((x, i) => Math.abs(x - centre[i]) < 1e-5));
  t.true(value < 1e-9);
});

test("Rosenbrock's valley in two and in ten dimensions", async (t) => {
  for (const start of [Float64Array.of(-1.2, 1), new Float64Array(10).fill(-0.5)]) {
    const { point, iterations } = await minimise(rosenbrock, start, options);
    t.true(
      point.every((x) => Math.abs(x - 1) < 1e-6),
      `[${point}]`,
    );
    t.true(iterations < 200, `${iterations} iterations`);
  }
});

test('a starting point that is the minimum is left as it is', async (t) => {
  const start = centre.slice();
  const { point, iterations } = await minimise(quadratic, start, options);
  t.is(iterations, 0);
  t.deepEqual(point, start);
  t.not(point, start);
});

test('the value falls from step to step, and an objective may reuse its gradient array', async (t) => {
  const shared = new Float64Array(2);
  const values: number[] = [];
  const { value } = await minimise(
    async (x) => {
      const found = await rosenbrock(x);
      shared.set(found.gradient);
      return { value: found.value, gradient: shared };
    },
    Float64Array.of(-1.2, 1),
    { ...options, onIteration: (_, at) => values.push(at) },
  );
  t.true(values.every((at, i) => i === 0 || at <= values[i - 1]));
  t.is(values.at(-1), value);
  t.true(value < 1e-12);
});

test('it ends at the limit of iterations, with no step left to make, and where values are no numbers', async (t) => {
  const limited = await minimise(rosenbrock, Float64Array.of(-1.2, 1), { tolerance: 0, maxIterations: 3 });
  t.is(limited.iterations, 3);
  const rounded: Objective = async (x) => {
    const { value, gradient } = await quadratic(x);
    return { value: Math.fround(value), gradient };
  };
  const stuck = await minimise(rounded, new Float64Array(20), { tolerance: 0, maxIterations: 10_000 });
  t.true(stuck.iterations < 10_000);
  t.true(stuck.value < 1e-6);
  const broken = await minimise(async (x) => ({ value: Number.NaN, gradient: x }), Float64Array.of(1), options);
  t.deepEqual([...broken.point], [1]);
});
