/** The graphs of training as wholes, in double precision: every parameter's gradient, with padding, dropout, widths and heads. */
import test from 'ava';
import { classifyGraph } from '../../../src/model/gradient/classify.js';
import { EMBED_SAVED, embedBackwardGraph, embedForwardGraph } from '../../../src/model/gradient/embed.js';
import { LAYER_DROPS, LAYER_SAVED, layerBackwardGraph, layerForwardGraph } from '../../../src/model/gradient/index.js';
import { Tensor } from '../../../src/runtime/index.js';
import { seededRandom } from '../../../src/train/index.js';
import { dot, type Numbers, normals, opened, sizeBetween, slopesAgree } from './differences.js';

const only = (numbers: Readonly<Record<string, Numbers>>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, numbers[name]]));

const masks = (random: () => number, inputs: Readonly<Record<string, readonly number[]>>, share = 0.8) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, dims]) => {
      const count = dims.reduce((product, size) => product * size, 1);
      const values = Uint8Array.from({ length: count }, () => (random() < share ? 1 : 0));
      return [name, new Tensor('uint8', values, dims)];
    }),
  );

const scalar = (value: number): Numbers => ({ dims: [], values: Float64Array.of(value) });

for (const [name, seed, activation, dropout] of [
  ['a layer', 1, 'gelu_new', false],
  ['a layer with fewer heads', 2, 'relu', false],
  ['a layer with dropout', 3, 'gelu_new', true],
  ['a layer of one token with dropout', 4, 'relu', true],
] as const)
  test(name, async (t) => {
    const random = seededRandom(seed);
    const [texts, tokens] = [sizeBetween(random, 2, 3), seed === 4 ? 1 : sizeBetween(random, 3, 5)];
    const [headSize, heads] = [sizeBetween(random, 2, 4), sizeBetween(random, 1, 3)];
    const [channels, neurons] = [sizeBetween(random, 5, 9), sizeBetween(random, 4, 11)];
    const [rows, width] = [texts * tokens, heads * headSize];
    const sizes: Record<string, number> = {
      batch: texts,
      tokens,
      rows,
      channels,
      width,
      heads,
      headSize,
      neurons,
      one: 1,
    };
    const dense = (part: string, outputs: number, inputs: number) => ({
      [`${part}.weight`]: normals(random, [outputs, inputs], 1 / Math.sqrt(inputs)),
      [`${part}.bias`]: normals(random, [outputs], 0.3),
    });
    const norm = (part: string) => ({
      [`${part}.weight`]: normals(random, [channels], 0.2, 1),
      [`${part}.bias`]: normals(random, [channels], 0.3),
    });
    const reals = {
      x: normals(random, [rows, channels]),
      ...dense('attention.self.query', width, channels),
      ...dense('attention.self.key', width, channels),
      ...dense('attention.self.value', width, channels),
      ...dense('attention.output.dense', channels, width),
      ...norm('attention.output.LayerNorm'),
      ...dense('intermediate.dense', neurons, channels),
      ...dense('output.dense', channels, neurons),
      ...norm('output.LayerNorm'),
    };
    const mask: Numbers = {
      dims: [texts, tokens],
      values: Float64Array.from({ length: rows }, (_, i) => (i % tokens <= Math.floor(i / tokens) ? 1 : 0)),
    };
    const drops = Object.entries(LAYER_DROPS).map(([drop, dims]) => [drop, dims.map((dim) => sizes[dim])] as const);
    const others = dropout ? masks(random, Object.fromEntries(drops)) : {};
    const fixed = { mask, dy: normals(random, [rows, channels]), keep: scalar(1.25) };

    const options = { headSize, activation, layerNormEps: 1e-6, dropout, type: 'float64' } as const;
    const forward = await opened(t, layerForwardGraph(options), 'float64');
    const backward = await opened(t, layerBackwardGraph(options), 'float64');
    const given = await forward({ reals: { ...reals, ...fixed }, others });
    const saved = only(given, Object.keys(LAYER_SAVED));
    for (const [value, dims] of Object.entries(LAYER_SAVED))
      t.deepEqual(
        [...saved[value].dims],
        dims.map((dim) => sizes[dim]),
        value,
      );
    const back = await backward({ reals: { ...reals, ...fixed, ...saved }, others });
    await slopesAgree(
      t,
      'float64',
      reals,
      async (at) => dot((await forward({ reals: { ...at, ...fixed }, others })).y.values, fixed.dy.values),
      Object.fromEntries(Object.keys(reals).map((real) => [real, back[real === 'x' ? 'dx' : `d.${real}`]])),
    );
  });

for (const [name, tokenTypes, dropout, channels] of [
  ['the embedding', true, false, 6],
  ['the embedding without token types', false, false, 6],
  ['the embedding’s first channels, with dropout', true, true, 4],
] as const)
  test(name, async (t) => {
    const random = seededRandom(10);
    const [texts, tokens, words, positions, hidden] = [2, 3, 7, 5, 6];
    const rows = texts * tokens;
    const ids = [1, 4, 4, 6, 1, 0];
    const reals: Record<string, Numbers> = {
      words: normals(random, [words, hidden]),
      positions: normals(random, [positions, hidden]),
      ...(tokenTypes && { types: normals(random, [2, hidden]) }),
      'LayerNorm.weight': normals(random, [channels], 0.2, 1),
      'LayerNorm.bias': normals(random, [channels]),
    };
    const fixed = {
      mask: { dims: [texts, tokens], values: new Float64Array(rows).fill(1) },
      dy: normals(random, [rows, channels]),
      keep: scalar(1.25),
    };
    const others = {
      ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [rows]),
      ...(dropout && masks(random, { drop_embedded: [rows, channels] })),
    };
    const options = { tokenTypes, layerNormEps: 1e-6, dropout, type: 'float64' } as const;
    const forward = await opened(t, embedForwardGraph(options), 'float64');
    const backward = await opened(t, embedBackwardGraph(options), 'float64');
    const saved = only(await forward({ reals: { ...reals, ...fixed }, others }), Object.keys(EMBED_SAVED));
    const back = await backward({ reals: { ...reals, ...fixed, ...saved }, others });

    // What the graph gives by row belongs to the row's word; the tables beyond the first channels and tokens have none.
    const gathered = (table: string, part: Numbers, rowOf: (row: number) => number) => {
      const gradient = new Float64Array(reals[table].values.length);
      for (const [i, value] of part.values.entries())
        gradient[rowOf(Math.floor(i / channels)) * hidden + (i % channels)] += value;
      return { dims: reals[table].dims, values: gradient };
    };
    await slopesAgree(
      t,
      'float64',
      reals,
      async (at) => dot((await forward({ reals: { ...at, ...fixed }, others })).y.values, fixed.dy.values),
      {
        words: gathered('words', back['d.words'], (row) => ids[row]),
        positions: gathered('positions', back['d.positions'], (row) => row),
        ...(tokenTypes && { types: gathered('types', back['d.types'], () => 0) }),
        'LayerNorm.weight': back['d.LayerNorm.weight'],
        'LayerNorm.bias': back['d.LayerNorm.bias'],
      },
    );
  });

for (const dropout of [false, true])
  test(`head and loss with hard and soft targets${dropout ? ', with dropout' : ''}`, async (t) => {
    const random = seededRandom(12);
    const [texts, tokens, channels, labels] = [3, 2, 5, 4];
    const probabilities = (): Numbers => {
      const { values } = normals(random, [texts, labels]);
      return { dims: [texts, labels], values: values.map((value) => Math.abs(value) / 3) };
    };
    const reals = {
      h: normals(random, [texts * tokens, channels]),
      weight: normals(random, [labels, channels]),
      bias: normals(random, [labels]),
    };
    const fixed = {
      shares: normals(random, [texts, tokens]),
      targets: probabilities(),
      soft: probabilities(),
      temperature: scalar(2.5),
      hard_weight: scalar(0.4),
      soft_weight: scalar(0.3),
      keep: scalar(1.25),
    };
    const others = dropout ? masks(random, { drop_pooled: [texts, channels] }) : {};
    const run = await opened(t, classifyGraph({ dropout, type: 'float64' }), 'float64');
    const given = await run({ reals: { ...reals, ...fixed }, others });
    await slopesAgree(
      t,
      'float64',
      reals,
      async (at) => (await run({ reals: { ...at, ...fixed }, others })).loss.values[0],
      { h: given.dh, weight: given['d.weight'], bias: given['d.bias'] },
    );
    // The loss by hand, from the logits.
    const entropy = (targets: Numbers, temperature: number) => {
      let sum = 0;
      for (let text = 0; text < texts; text++) {
        const z = given.logits.values.slice(text * labels, (text + 1) * labels).map((value) => value / temperature);
        const total = Math.log(z.reduce((all, value) => all + Math.exp(value), 0));
        for (const [i, value] of z.entries()) sum -= targets.values[text * labels + i] * (value - total);
      }
      return sum;
    };
    const loss = 0.4 * entropy(fixed.targets, 1) + 0.3 * 2.5 ** 2 * entropy(fixed.soft, 2.5);
    t.true(Math.abs(given.loss.values[0] - loss) < 1e-12);
  });
