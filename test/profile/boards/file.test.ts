/** Board files with mistakes in them: told with line and key, all at once. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { SnugError } from '../../../src/errors/index.js';
import { checkBoard } from '../../../src/profile/boards/index.js';

const good = readFileSync('device-profiles/beagleplay.yaml', 'utf8');
const lines = good.split('\n');

/** What is told of the file with one text replaced. */
function problems(from: string, to: string): string[] {
  if (!good.includes(from)) throw new Error(`the file has no ${from}`);
  try {
    checkBoard(good.replace(from, to), 'my-board.yaml');
  } catch (error) {
    if (error instanceof SnugError && error.code === 'BOARD_INVALID') return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;

test('a file as it should be', (t) => {
  const [board] = checkBoard(good, 'my-board.yaml');
  t.like(board, { name: 'beagleplay', family: 'beagleplay', cores: { count: 4 } });
});

test('an unknown key is told with its line and what may be meant', (t) => {
  const [line] = problems('  maxMHz: 1250', '  maxMhz: 1250');
  t.is(line, `my-board.yaml:${lineOf('maxMHz')}:3 processor.maxMhz: unknown key; did you mean 'maxMHz'?`);
  t.regex(
    problems('    nominalBytes', '    nominalMB')[0],
    /ram\.0\.nominalMB: unknown key; did you mean 'nominalBytes'/,
  );
});

test('a value with a unit of its own is told with what to write', (t) => {
  const at = `my-board.yaml:${lineOf('nominalBytes')}:19 ram.0.nominalBytes: `;
  t.deepEqual(problems('nominalBytes: 2147483648', 'nominalBytes: 2GB'), [
    `${at}must be a number (in bytes), not "2GB"; write 2147483648`,
  ]);
  t.regex(problems('maxMHz: 1250', 'maxMHz: 1.25 GHz')[0], /processor\.maxMHz: must be .*; write 1250$/);
});

test('a value in the wrong unit is out of the domain', (t) => {
  t.regex(problems('nominalBytes: 2147483648', 'nominalBytes: 2048')[0], /must be at least 67108864 bytes, not 2048/);
  t.regex(problems('maxMHz: 1250', 'maxMHz: 1250000')[0], /must be at most 10000 MHz, not 1250000/);
});

test('a figure without its source, or with one that is not listed', (t) => {
  t.regex(problems('cores: { count: 4, source: manual }', 'cores: { count: 4 }')[0], /cores\.source: is missing/);
  t.is(
    problems('source: bootlog', 'source: hearsay')[0],
    `my-board.yaml:${lineOf('source: bootlog')}:11 processor.source: "hearsay" is no entry of sources; known: manual, bootlog, core, tree`,
  );
  t.regex(problems('  bootlog: https:', '  bootlog: http:')[0], /sources\.bootlog: must be an https:\/\/ address/);
});

test('instructions that Snug does not know', (t) => {
  t.regex(problems('set: arm64', 'set: arm64 neon')[0], /instructions\.set: neon: unknown; known are avx2, /);
  t.regex(problems('set: arm64', 'set: riscv64')[0], /must begin with arm64 or x64, not "riscv64"/);
});

test('all mistakes at once, in the order of the file', (t) => {
  const found = problems(good, 'name: A Board\nram: []\ncores: four\nspeed: fast\n');
  t.true(found.length >= 8);
  t.deepEqual(
    found.map((line) => Number(line.split(':')[1])),
    found.map((line) => Number(line.split(':')[1])).sort((a, b) => a - b),
  );
});

test('what is no YAML, or no section', (t) => {
  for (const text of ['', '[]', '42', 'a: [', '\t- x', 'name: x\nname: y\n', '\0', '&a [*a]'])
    t.is(
      t.throws(() => checkBoard(text, 'x.yaml'), { instanceOf: SnugError }).code,
      'BOARD_INVALID',
      JSON.stringify(text),
    );
});

test('usable RAM has a source of its own and is not more than there is', (t) => {
  const with_ = (more: string) => problems('    source: tree', `    source: tree\n${more}`)[0];
  t.regex(with_('    usableBytes: 2000000000'), /belong together/);
  t.regex(
    with_('    usableBytes: 3000000000\n    usableSource: tree'),
    /ram\.0\.usableBytes: is more than nominalBytes/,
  );
});
