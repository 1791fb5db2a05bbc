/** master.safetensors: what is written and what is read back. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Master, type MasterTensor, type Store, writeMaster } from '../../src/bundle/making.js';
import { seededRandom } from '../../src/train/index.js';
import { temporaryFolder } from '../checkpoint/support.js';

const random = seededRandom(2);

function tensor(name: string, shape: readonly number[], scale: number): MasterTensor & { values: Float32Array } {
  const [rows, columns = 1] = shape;
  const values = Float32Array.from({ length: rows * columns }, () => (random() - 0.5) * scale);
  return { name, shape, values, rows: async (from, to) => values.subarray(from * columns, to * columns) };
}

/** More rows than are written at once, rows that no block divides, a single row, vectors. */
const tensors = [
  tensor('table', [2100, 40], 2),
  tensor('dense.weight', [7, 312], 0.01),
  tensor('one.weight', [1, 64], 300),
  tensor('dense.bias', [7], 5),
  tensor('norm', [3], 1e-6),
];

async function written(t: ExecutionContext, store: Store) {
  const path = join(await temporaryFolder(t), 'master.safetensors');
  const file = await writeMaster(path, tensors, store);
  const master = await Master.open(path);
  t.teardown(() => master.close());
  return { path, file, master };
}

/** How far a value may be off: half a step of fp16 (2⁻¹¹ of it), or half a step of 127 in its block. */
const allowed: Record<Store, (value: number, largest: number) => number> = {
  fp16: (value) => Math.abs(value) * 2 ** -11 + 2 ** -25,
  q8: (_, largest) => (largest / 127) * 0.5 + largest * 2 ** -11,
};

for (const store of ['fp16', 'q8'] as const) {
  test(`${store}: matrices come back within half a step, vectors exactly`, async (t) => {
    const { master } = await written(t, store);
    t.deepEqual([...master.names].sort(), tensors.map(({ name }) => name).sort());
    for (const { name, shape, values } of tensors) {
      t.deepEqual(master.shape(name), shape);
      const back = await master.read(name);
      t.is(back.length, values.length);
      if (shape.length === 1) {
        t.deepEqual(back, values, name);
        continue;
      }
      const columns = shape[1];
      for (let row = 0; row < values.length; row += columns)
        for (let from = row; from < row + columns; from += 64) {
          const block = values.subarray(from, Math.min(from + 64, row + columns));
          const largest = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
          for (const [i, value] of block.entries())
            if (!(Math.abs(back[from + i] - value) <= allowed[store](value, largest)))
              return t.fail(`${name} at ${from + i}: ${back[from + i]} for ${value}`);
        }
    }
  });

  test(`${store}: some rows are those of the whole`, async (t) => {
    const { master } = await written(t, store);
    for (const name of ['table', 'dense.weight', 'dense.bias']) {
      const whole = await master.read(name);
      const [rows, columns = 1] = master.shape(name);
      for (const [from, to] of [
        [0, 1],
        [3, 6],
        [rows - 1, rows],
        [2, 2],
        [0, rows],
      ])
        t.deepEqual(
          await master.readRows(name, from, to),
          whole.slice(from * columns, to * columns),
          `${name} ${from}`,
        );
    }
    await t.throwsAsync(master.read('nothing'), { code: 'TENSOR_MISSING' });
  });

  test(`${store}: the same tensors give the same bytes, and the hash that is told`, async (t) => {
    const [one, other] = [await written(t, store), await written(t, store)];
    t.deepEqual(await readFile(one.path), await readFile(other.path));
    t.deepEqual(one.file, other.file);
    t.is((await readFile(one.path)).length, one.file.bytes);
  });

  test(`${store}: a weight beyond half precision is refused by name`, async (t) => {
    const path = join(await temporaryFolder(t), 'master.safetensors');
    const huge = tensor('huge.weight', [2, 64], 1);
    huge.values[70] = 1e9;
    const error = await t.throwsAsync(writeMaster(path, [huge], store), { code: 'TENSOR_VALUE' });
    t.regex(error?.message ?? '', /huge.weight/);
    await t.throwsAsync(readFile(path), { code: 'ENOENT' });
  });
}

test('sizes: two bytes a weight, or one and a little', async (t) => {
  const weights = tensors.filter(({ shape }) => shape.length === 2).reduce((sum, { values }) => sum + values.length, 0);
  const [half, eight] = [(await written(t, 'fp16')).file.bytes, (await written(t, 'q8')).file.bytes];
  t.true(half > 2 * weights && half < 2 * weights + 2000);
  t.true(eight < 4 * weights * 0.27 + 2000, `${eight} bytes for ${weights} weights`);
});

test('4 bits, for what needs few digits: within half a step, rows filled up with zeros, some rows are those of the whole', async (t) => {
  const path = join(await temporaryFolder(t), 'master.safetensors');
  const few = tensors.filter(({ shape }) => shape.length === 2).map((each) => ({ ...each, store: 'q4' as const }));
  await writeMaster(path, few, 'fp16');
  const master = await Master.open(path);
  t.teardown(() => master.close());
  for (const { name, shape, values } of few) {
    const [rows, columns] = shape;
    const stored = Math.ceil(columns / 32) * 32;
    t.deepEqual(master.shape(name), [rows, stored], name);
    const back = await master.read(name);
    for (let row = 0; row < rows; row++)
      for (let from = 0; from < stored; from += 32) {
        const block = values.subarray(row * columns + from, row * columns + Math.min(from + 32, columns));
        const largest = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        for (let i = 0; i < 32; i++) {
          const value = back[row * stored + from + i];
          // Half a step of 8, or, on the shorter side of the range and where a finer scale cut the largest, a whole one and more.
          if (i >= block.length ? value !== 0 : !(Math.abs(value - block[i]) <= largest * 0.26))
            return t.fail(`${name}, row ${row}, ${from + i}: ${value} for ${block[i]}`);
        }
      }
    t.deepEqual(await master.readRows(name, rows - 1, rows), back.slice((rows - 1) * stored), name);
  }
});

for (const form of ['fp16', 'q8', 'q4'] as const)
  test(`${form}: a master that is written once more has the same bytes`, async (t) => {
    const folder = await temporaryFolder(t);
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await writeMaster(
      first,
      tensors.map((each) => ({ ...each, store: form })),
      'fp16',
    );
    const master = await Master.open(first);
    t.teardown(() => master.close());
    await writeMaster(second, master.tensors(), 'fp16');
    t.deepEqual(await readFile(second), await readFile(first));
  });

test('rows that are seldom read stand in 4 bits after the others, and are read as one table', async (t) => {
  const folder = await temporaryFolder(t);
  for (const [columns, coarseFrom] of [
    [64, 1030],
    [40, 7],
    [32, 0],
  ]) {
    const table = tensor('table', [1500, columns], 2);
    const write = async (name: string, given: readonly MasterTensor[], store: Store = 'q8') => {
      const path = join(folder, `${columns}-${name}`);
      const { bytes } = await writeMaster(path, given, store);
      const master = await Master.open(path);
      t.teardown(() => master.close());
      return { path, bytes, master };
    };
    const both = await write('both', [{ ...table, coarseFrom }]);
    const fine = await write('fine', [table]);
    const coarse = await write('coarse', [{ ...table, store: 'q4' }]);
    t.deepEqual(both.master.names, ['table']);
    t.deepEqual(both.master.shape('table'), [1500, columns]);
    t.true(both.bytes < fine.bytes);
    const values = await both.master.read('table');
    const [inFine, inCoarse] = [await fine.master.read('table'), await coarse.master.read('table')];
    const stride = inCoarse.length / 1500;
    for (let row = 0; row < 1500; row++) {
      const stored =
        row < coarseFrom
          ? inFine.subarray(row * columns, (row + 1) * columns)
          : inCoarse.subarray(row * stride, row * stride + columns);
      t.deepEqual(values.subarray(row * columns, (row + 1) * columns), stored, `row ${row}`);
    }
    for (const [from, to] of [
      [0, 5],
      [coarseFrom, coarseFrom],
      [Math.max(0, coarseFrom - 3), coarseFrom + 4],
      [coarseFrom + 2, 1500],
    ])
      t.deepEqual(await both.master.readRows('table', from, to), values.slice(from * columns, to * columns));
    const again = await write('again', both.master.tensors());
    t.deepEqual(await readFile(again.path), await readFile(both.path));
    const halves = await write('halves', [{ ...table, coarseFrom }], 'fp16');
    t.true(halves.bytes > fine.bytes);
  }
});
