/** Plots: what stands on the front, and that names can be read. */
import test from 'ava';
import { type Box, overlap } from '../../src/report/labels.js';
import { formats, layoutPlot, type Point } from '../../src/report/layout.js';
import { plotKinds, pointsOf } from '../../src/report/plot.js';
import { ladder, sampleReport } from './support.js';

const pointsFrom = (...pairs: [cost: number, accuracy: number][]): Point[] =>
  pairs.map(([cost, accuracy], i) => ({ number: i + 1, profile: `w1.00-p0.00-q${i + 1}`, cost, accuracy }));

const frontOf = (points: readonly Point[]) =>
  layoutPlot(points, formats.wide)
    .points.filter(({ onFront }) => onFront)
    .map(({ number }) => number);

test('the front: what no other beats, by rising cost; equals are all on it', (t) => {
  t.deepEqual(frontOf(pointsFrom([10, 0.9], [5, 0.8], [20, 0.9], [7, 0.7], [30, 0.95])), [2, 1, 5]);
  t.deepEqual(frontOf(pointsFrom([10, 0.9], [10, 0.9], [10, 0.8], [11, 0.9])), [1, 2]);
  t.deepEqual(frontOf(pointsFrom([10, 0.9])), [1]);
});

test('the front of the sample, each plot: no profile is as cheap and as good as one on it', (t) => {
  for (const kind of plotKinds) {
    const points = pointsOf(sampleReport(), kind);
    const front = new Set(frontOf(points));
    t.true(front.size >= 5);
    for (const point of points) {
      const beaten = points.some(
        ({ cost, accuracy }) =>
          cost <= point.cost && accuracy >= point.accuracy && (cost < point.cost || accuracy > point.accuracy),
      );
      t.is(front.has(point.number), !beaten, `${kind.id}: ${point.profile}`);
    }
  }
});

test('the front is drawn as steps that go right and up, through all its points', (t) => {
  const { steps, points, frame } = layoutPlot(pointsOf(sampleReport(), plotKinds[0]), formats.wide);
  for (const [i, { x, y }] of steps.entries()) {
    if (i === 0) continue;
    t.true(x === steps[i - 1].x || y === steps[i - 1].y, 'a step is straight');
    t.true(x >= steps[i - 1].x && y <= steps[i - 1].y, 'a step goes right or up');
  }
  for (const { x, y, onFront } of points) if (onFront) t.true(steps.some((step) => step.x === x && step.y === y));
  t.is(steps.at(-1)?.x, frame.right);
});

for (const [name, format] of Object.entries(formats))
  for (const kind of plotKinds)
    test(`${kind.id}, ${name}: every point has its label, none upon another, a mark or the edge`, (t) => {
      const { points } = layoutPlot(pointsOf(sampleReport(), kind), format);
      t.is(points.length, ladder.length);
      const boxes: Box[] = [];
      for (const { profile, number, label, onFront, text } of points) {
        t.is(text, onFront && format.names ? profile : String(number));
        if (!label) return t.fail(`${profile} has no label`);
        const { box } = label;
        t.true(box.left >= 0 && box.right <= format.width && box.top >= 0 && box.bottom <= format.height, profile);
        boxes.push(box);
      }
      for (const [i, box] of boxes.entries()) {
        t.false(
          boxes.slice(i + 1).some((other) => overlap(box, other)),
          points[i].profile,
        );
        const covered = points.find(({ x, y, radius }) =>
          overlap(box, { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }),
        );
        t.is(covered?.profile, undefined, `below the label of ${points[i].profile}`);
      }
    });

test('fifty points in one place: labels still do not overlap', (t) => {
  const points = pointsFrom(...Array.from({ length: 50 }, (): [number, number] => [10, 0.9]));
  const { points: placed } = layoutPlot(points, formats.wide);
  const boxes = placed.flatMap(({ label }) => (label ? [label.box] : []));
  t.true(boxes.length >= 30, `${boxes.length} labels found a place`);
  for (const [i, box] of boxes.entries()) t.false(boxes.slice(i + 1).some((other) => overlap(box, other)));
});

test('points lie within the frame and keep their order, on wide and on narrow ranges, at 0 and at 1', (t) => {
  const cases: [number, number][][] = [
    [
      [1, 0.2],
      [1000, 0.999],
    ],
    [
      [0, 0],
      [5, 1],
    ],
    [
      [3, 0.91],
      [3.1, 0.912],
    ],
    [
      [2, 1],
      [4, 1],
    ],
    [[7, 0.5]],
  ];
  for (const pairs of cases) {
    const { points, frame, costTicks, accuracyTicks } = layoutPlot(pointsFrom(...pairs), formats.narrow);
    const byNumber = points.toSorted((a, b) => a.number - b.number);
    for (const [i, { x, y, cost, accuracy }] of byNumber.entries()) {
      t.true(x >= frame.left && x <= frame.right && y >= frame.top && y <= frame.bottom, `${cost}, ${accuracy}`);
      const before = byNumber[i - 1];
      if (before) t.true(x > before.x && y <= before.y);
    }
    t.true(costTicks.length >= 1 && accuracyTicks.length >= 2, JSON.stringify(pairs));
    for (const [tick, y] of accuracyTicks) t.true(tick >= 0 && tick <= 1 && y >= frame.top && y <= frame.bottom);
  }
});

test('a wide range of costs is drawn by ratios, a narrow one by differences', (t) => {
  const middle = (pairs: [number, number][]) => {
    const { points, cost } = layoutPlot(pointsFrom(...pairs), formats.wide);
    const [a, b, c] = points.toSorted((one, other) => one.number - other.number);
    return { logarithmic: cost.logarithmic, share: (b.x - a.x) / (c.x - a.x) };
  };
  const wide = middle([
    [1, 0.5],
    [10, 0.6],
    [100, 0.7],
  ]);
  const narrow = middle([
    [10, 0.5],
    [11, 0.6],
    [12, 0.7],
  ]);
  t.deepEqual([wide.logarithmic, narrow.logarithmic], [true, false]);
  for (const { share } of [wide, narrow]) t.true(Math.abs(share - 0.5) < 1e-9);
});
