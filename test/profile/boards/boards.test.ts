/** The boards that come with Snug. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import test from 'ava';
import { SnugError } from '../../../src/errors/index.js';
import { boardOf, knownBoards, limitsOfBoard, loadBoard, matchBoard } from '../../../src/profile/boards/index.js';
import { probeLimits } from '../../../src/profile/index.js';
import { type Files, pi4, planted } from '../support.js';

const GiB = 1024 ** 3;
const folder = resolve('device-profiles');
const files = readdirSync(folder);

test('at least twelve boards, each file named as its board, with public sources for its figures', (t) => {
  t.true(files.length >= 12);
  const boards = knownBoards();
  t.deepEqual([...new Set(boards.map(({ family }) => `${family}.yaml`))].sort(), [...files].sort());
  for (const file of files) t.regex(readFileSync(join(folder, file), 'utf8'), /https:\/\//, file);
});

test('names are given once, and tell the size where there are several', (t) => {
  const boards = knownBoards();
  const names = boards.map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  for (const { name, family } of boards) {
    const sizes = boards.filter((board) => board.family === family).length;
    t.true(sizes === 1 ? name === family : name.startsWith(`${family}-`), name);
  }
});

test('every source is used, and every board leaves something to Snug', (t) => {
  for (const board of knownBoards()) {
    const text = readFileSync(join(folder, `${board.family}.yaml`), 'utf8');
    for (const name of Object.keys(board.sources)) t.regex(text, new RegExp(`[sS]ource: ${name}\\b`), board.name);
    t.true(board.defaults.reserveBytes < board.ram.nominalBytes / 2, board.name);
    t.true(board.defaults.threads <= board.cores.count, board.name);
  }
});

test('a board is found by its name, by the name of its family, and by its file', (t) => {
  t.is(loadBoard('raspberry-pi-5-8gb').ram.nominalBytes, 8 * GiB);
  t.is(loadBoard('raspberry-pi-5').name, 'raspberry-pi-5-1gb', 'the smallest');
  t.is(loadBoard(join(folder, 'rock-5b.yaml')).name, 'rock-5b-4gb');
  t.is(loadBoard('jetson-orin-nx-8gb').cores.count, 6);
  t.is(loadBoard('jetson-orin-nx-16gb').cores.count, 8);
  for (const file of files) t.is(loadBoard(basename(file, '.yaml')).family, basename(file, '.yaml'));
});

test('a board that nobody knows is told with what may be meant', (t) => {
  const error = t.throws(() => loadBoard('rasberry-pi-5'), { instanceOf: SnugError });
  t.is(error.code, 'BOARD_UNKNOWN');
  t.regex(error.message, /did you mean raspberry-pi-5\?/);
  t.regex(t.throws(() => loadBoard('x')).message, /known: beagleplay, /);
  t.is(t.throws(() => loadBoard('./nowhere.yaml'), { instanceOf: SnugError }).code, 'BOARD_UNREADABLE');
});

test('models as device trees name them', (t) => {
  const matched = (model: string, ramTotalBytes?: number) => matchBoard(model, { ramTotalBytes })?.name;
  t.is(matched('Raspberry Pi Zero 2 W Rev 1.0'), 'raspberry-pi-zero-2-w');
  t.is(matched('Raspberry Pi 3 Model B Plus Rev 1.3'), 'raspberry-pi-3-b-plus');
  t.is(matched('Raspberry Pi 3 Model B Rev 1.2'), undefined);
  t.is(matched('Raspberry Pi 4 Model B Rev 1.4', 3.8 * GiB), 'raspberry-pi-4-b-4gb');
  t.is(matched('Raspberry Pi 4 Model B Rev 1.4'), 'raspberry-pi-4-b-1gb');
  t.is(matched('Raspberry Pi 5 Model B Rev 1.0', 7.9 * GiB), 'raspberry-pi-5-8gb');
  t.is(matched('Raspberry Pi Compute Module 4 Rev 1.1', 1.8 * GiB), 'raspberry-pi-cm4-2gb');
  t.is(matched('NVIDIA Jetson Nano Developer Kit', 3.9 * GiB), 'jetson-nano-4gb');
  t.is(matched('NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super', 7.4 * GiB), 'jetson-orin-nano-8gb');
  t.is(matched('NVIDIA Jetson Orin NX Engineering Reference Developer Kit', 15 * GiB), 'jetson-orin-nx-16gb');
  t.is(matched('BeagleBoard.org BeaglePlay'), 'beagleplay');
  t.is(matched('Radxa ROCK 5B', 15.3 * GiB), 'rock-5b-16gb');
  t.is(matched('OrangePi Zero3', 1.4 * GiB), 'orange-pi-zero-3-1500mb');
  t.is(matched('Some other board'), undefined);
  t.is(matchBoard('Default Mini PC', { processorModel: 'Intel(R) N100' })?.name, 'intel-n100');
  t.is(matchBoard(null)?.name, undefined);
});

test('a probe finds its board; more RAM than any size that is known is the largest', (t) => {
  t.is(boardOf(probeLimits(planted(t, pi4)))?.name, 'raspberry-pi-4-b-2gb');
  const larger: Files = { ...pi4, 'proc/meminfo': 'MemTotal: 33554432 kB\n' };
  t.is(boardOf(probeLimits(planted(t, larger)))?.name, 'raspberry-pi-4-b-8gb');
});

test('limits for planning: all that a probe tells, each with the address that it is from', (t) => {
  for (const board of knownBoards()) {
    const limits = limitsOfBoard(board);
    t.deepEqual(Object.keys(limits).sort(), Object.keys(probeLimits(planted(t, {}))).sort());
    for (const name of ['ramTotalBytes', 'cores', 'processorModel', 'instructions', 'cpuMaxMHz'] as const)
      t.regex(limits[name].source, /https:\/\//, `${board.name} ${name}`);
    t.true((limits.ramAvailableBytes.value ?? 0) < (limits.ramTotalBytes.value ?? 0));
    t.true(limits.memoryLimitBytes.none && limits.quotaCores.none);
    t.is(limits.temperatureC.value, null);
  }
  const pi5 = limitsOfBoard(loadBoard('raspberry-pi-5-8gb'));
  t.is(pi5.ramTotalBytes.value, 8049 * 1024 ** 2);
  t.is(pi5.instructions.value, 'arm64 asimddp');
  t.is(pi5.pageSizeBytes.value, 16384);
  t.regex(limitsOfBoard(loadBoard('raspberry-pi-5-16gb')).ramTotalBytes.source, /nominal; the kernel counts less/);
});
