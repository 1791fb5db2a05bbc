/** The logistic head, held against plain double-precision sums. */
import test, { type ExecutionContext } from 'ava';
import { type LinearHead, LogisticRegression, type Matrix, seededRandom } from '../../src/train/index.js';

interface Problem {
  readonly matrix: Matrix;
  readonly classes: readonly number[];
  readonly labels: number;
}

/** Clouds of points around a centre a label, overlapping. */
function clouds(seed: number, rows = 120, columns = 6, labels = 4): Problem {
  const random = seededRandom(seed);
  const normal = () => random() + random() + random() + random() - 2;
  const centres = Array.from({ length: labels }, () => Array.from({ length: columns }, normal));
  const classes = Array.from({ length: rows }, (_, row) => row % labels);
  const values = Float32Array.from(classes.flatMap((label) => centres[label].map((x) => x + 0.8 * normal())));
  return { matrix: { values, rows, columns }, classes, labels };
}

async function fitted(
  t: ExecutionContext,
  { matrix, classes, labels }: Problem,
  inverseRegularisation: number,
  start?: LinearHead,
) {
  const regression = await LogisticRegression.open(matrix, classes, labels, 1);
  t.teardown(() => regression.close());
  return regression.fit({ inverseRegularisation, start });
}

/** Logits, then probabilities, of one row. */
function probabilities({ matrix: { values, columns } }: Problem, { weight, bias }: LinearHead, row: number): number[] {
  const logits = Array.from(bias, (b, label) => {
    let sum = b;
    for (let i = 0; i < columns; i++) sum += weight[label * columns + i] * values[row * columns + i];
    return sum;
  });
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, x) => sum + x, 0);
  return powers.map((x) => x / total);
}

/** ½‖W‖² + C Σ loss, and its gradient for the weights and the biases. */
function objective(problem: Problem, head: LinearHead, c: number) {
  const { matrix, classes, labels } = problem;
  const { values, columns, rows } = matrix;
  const [weight, bias] = [Float64Array.from(head.weight), new Float64Array(labels)];
  let value = weight.reduce((sum, w) => sum + (w * w) / 2, 0);
  for (let row = 0; row < rows; row++) {
    const p = probabilities(problem, head, row);
    value -= c * Math.log(p[classes[row]]);
    for (const [label, share] of p.entries()) {
      const error = c * (share - (label === classes[row] ? 1 : 0));
      bias[label] += error;
      for (let i = 0; i < columns; i++) weight[label * columns + i] += error * values[row * columns + i];
    }
  }
  return { value, weight, bias };
}

for (const c of [0.1, 1, 30])
  test(`C = ${c}: at the fit, the gradient of the whole objective is zero`, async (t) => {
    const problem = clouds(1);
    const { weight, bias } = objective(problem, await fitted(t, problem, c), c);
    const steepest = Math.max(...weight.map(Math.abs), ...bias.map(Math.abs));
    // The fit ends at 2e-6 of the mean loss's gradient, or where single precision shows no step down any more.
    t.true(steepest / (c * problem.matrix.rows) <= 3e-5, `${steepest}`);
  });

test('no other head is better: every step away from the fit raises the objective', async (t) => {
  const problem = clouds(2);
  const head = await fitted(t, problem, 3);
  const best = objective(problem, head, 3).value;
  const random = seededRandom(8);
  for (let tries = 0; tries < 30; tries++) {
    const away = {
      weight: head.weight.map((x) => x + (random() - 0.5) * 0.1),
      bias: head.bias.map((x) => x + (random() - 0.5) * 0.1),
    };
    t.true(objective(problem, away, 3).value > best);
  }
});

test('two labels and one column: the solution that a plain Newton iteration finds', async (t) => {
  const x = [-2, -1.5, -1, -0.5, 0.2, 0.4, 1, 1.8, 2.2, -0.1];
  const classes = [0, 0, 0, 1, 0, 1, 1, 1, 1, 1];
  const matrix = { values: Float32Array.from(x), rows: x.length, columns: 1 };
  const { weight, bias } = await fitted(t, { matrix, classes, labels: 2 }, 2);
  // By symmetry w₁ = −w₀, so that ½‖W‖² is w₁², and 2 w₁ and b₁ − b₀ are the logit's slope s and offset o: ¼ s² + C Σ loss.
  let [s, o] = [0, 0];
  for (let round = 0; round < 50; round++) {
    let [gs, go, hss, hso, hoo] = [s / 2, 0, 0.5, 0, 0];
    for (const [i, xi] of x.entries()) {
      const p = 1 / (1 + Math.exp(-(s * xi + o)));
      gs += 2 * (p - classes[i]) * xi;
      go += 2 * (p - classes[i]);
      hss += 2 * p * (1 - p) * xi * xi;
      hso += 2 * p * (1 - p) * xi;
      hoo += 2 * p * (1 - p);
    }
    const determinant = hss * hoo - hso * hso;
    [s, o] = [s - (hoo * gs - hso * go) / determinant, o - (hss * go - hso * gs) / determinant];
  }
  t.true(Math.abs(weight[1] - weight[0] - s) < 1e-3, `${weight[1] - weight[0]}, ${s}`);
  t.true(Math.abs(bias[1] - bias[0] - o) < 1e-3, `${bias[1] - bias[0]}, ${o}`);
});

test('the same rows give the same head, and another start gives nearly the same', async (t) => {
  const problem = clouds(3);
  const [one, other] = [await fitted(t, problem, 10), await fitted(t, problem, 10)];
  t.deepEqual(one, other);
  const warm = await fitted(t, problem, 10, await fitted(t, problem, 1));
  t.true(one.weight.every((x, i) => Math.abs(x - warm.weight[i]) < 2e-3));
});

test('rows that can be told apart are, and a stronger regularisation gives smaller weights', async (t) => {
  const problem = clouds(4, 60, 12, 3);
  const size = (head: LinearHead) => head.weight.reduce((sum, w) => sum + w * w, 0);
  const [strong, weak] = [await fitted(t, problem, 0.01), await fitted(t, problem, 100)];
  t.true(size(strong) < size(weak) / 10);
  const right = problem.classes.filter((label, row) => {
    const p = probabilities(problem, weak, row);
    return p.indexOf(Math.max(...p)) === label;
  }).length;
  t.true(right >= 55, `${right} of 60`);
});

test('progress is told: loss by iteration', async (t) => {
  const { matrix, classes, labels } = clouds(5);
  const regression = await LogisticRegression.open(matrix, classes, labels, 1);
  t.teardown(() => regression.close());
  const losses: number[] = [];
  await regression.fit({ inverseRegularisation: 1, onIteration: (_, loss) => losses.push(loss) });
  t.true(losses.length > 3 && losses[0] < Math.log(4) && (losses.at(-1) ?? 1) < losses[0]);
});
