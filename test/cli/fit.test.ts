/** `snug fit` and `--profile auto` from outside. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sizeInBytes } from '../../src/cli/option-values.js';
import { bundleOf, useOwnCache } from '../bundle/support.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { pi4, planted } from '../profile/support.js';
import { ended, json, snug, started } from './snug.js';

useOwnCache(test);

test('the contract: chosen, limits with their sources, candidates with reasons and predictions', async (t) => {
  const bundle = await bundleOf(t);
  const { chosen, limits, candidates } = await json(t, [
    'fit',
    bundle,
    '--ram',
    '512M',
    '--cores',
    '2',
    '--quota',
    '0.5',
  ]);
  t.like(limits.memoryLimitBytes, { value: 512 * 2 ** 20, source: '--ram' });
  t.like(limits.cores, { value: 2, source: '--cores' });
  t.like(limits.quotaCores, { value: 0.5, source: '--quota' });
  t.true(candidates.length >= 2);
  for (const { fits, reason, predicted } of candidates) {
    t.is(typeof fits, 'boolean');
    t.is(typeof reason, 'string');
    for (const key of ['latencyMs', 'rssAnonBytes', 'rssBytes']) t.true(predicted[key] > 0, key);
  }
  t.true(candidates.some(({ profile }: { profile: string }) => profile === chosen.profile));
});

test('for people: the choice, the limits, a table', async (t) => {
  const { code, out } = await snug(t, ['fit', await bundleOf(t), '--ram', '512M']);
  t.is(code, 0);
  t.regex(out, /^w1\.00-p0\.00-q\d+: .*\n/);
  t.regex(out, /memory {3}471 MB for a profile; limit 537 MB \(--ram\)/);
  t.regex(out, /→ w1\.00-p0\.00-q\d+ /);
});

test('nothing fits: exit 1, and the least memory is named', async (t) => {
  const { code, out, err } = await snug(t, ['fit', await bundleOf(t), '--ram', '8M', '--json']);
  t.is(code, 1);
  t.is(out, '');
  t.regex(
    err,
    /no profile fits: the smallest profile, .*, needs \d+ MB of memory\n.*at least \d+ MB.*\[NOTHING_FITS\]/,
  );
});

test('wrong limits are wrong use', async (t) => {
  const bundle = await bundleOf(t);
  const wrong = [
    ['--ram', 'lots'],
    ['--ram', '-1M'],
    ['--ram', '0'],
    ['--cores', '0'],
    ['--quota', '0'],
    ['--max-latency', 'NaN'],
    ['--max-latency', '-3'],
    ['--min-accuracy', '2'],
    ['--tokens', '1.5'],
    ['--board', 'no-such-board'],
  ];
  for (const more of wrong) t.is((await snug(t, ['fit', bundle, ...more])).code, 2, more.join(' '));
});

test('a board file with a mistake is told with its line', async (t) => {
  const file = join(await temporaryFolder(t), 'mine.yaml');
  writeFileSync(file, 'name: mine\ntitel: Mine\n');
  const { code, err } = await snug(t, ['fit', await bundleOf(t), '--board', file]);
  t.is(code, 1);
  t.regex(err, /mine\.yaml:2:1 titel: unknown key; did you mean 'title'\?/);
});

test('a captured tree is the board that is planned for', async (t) => {
  const child = started(t, ['fit', await bundleOf(t), '--json'], { SNUG_SYSROOT: planted(t, pi4) });
  child.stdin.end();
  const { code, out, err } = await ended(child);
  t.is(code, 0, err);
  const { limits, speed } = JSON.parse(out);
  t.is(limits.boardModel.value, 'Raspberry Pi 4 Model B Rev 1.4');
  t.is(limits.quotaCores.value, 0.5);
  t.regex(speed, /^not measured: scaled from/);
});

test('snug run --profile auto says what it chose and why, in a line', async (t) => {
  const { code, out, err } = await snug(
    t,
    ['run', await bundleOf(t), '--profile', 'auto', '--json'],
    'turn on the lamp\n',
  );
  t.is(code, 0, err);
  const { profile } = JSON.parse(out);
  t.true(
    err.split('\n').some((line) => line.startsWith(`snug: ${profile}: `)),
    err,
  );
});

test('sizes are those of control groups', (t) => {
  t.is(sizeInBytes('512M'), 512 * 2 ** 20);
  t.is(sizeInBytes('1.5g'), 1.5 * 2 ** 30);
  t.is(sizeInBytes('64MiB'), 64 * 2 ** 20);
  t.is(sizeInBytes('1000'), 1000);
  for (const text of ['', 'M', '0', '-1M', '1T', '1e3', '99999999999G'])
    t.throws(() => sizeInBytes(text), undefined, text);
});
