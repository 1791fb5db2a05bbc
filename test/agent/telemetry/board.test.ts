/** What the agent says of its board. */
import { hostname } from 'node:os';
import test from 'ava';
import { readBoard } from '../../../agent/telemetry/board.js';
import { messages } from '../../../src/protocol/index.js';
import { pi4, planted } from '../../profile/support.js';

const { board: schema } = messages.info.shape;

test('a Raspberry Pi', (t) => {
  const board = readBoard(planted(t, pi4));
  t.deepEqual(board, {
    hostname: hostname(),
    model: 'Raspberry Pi 4 Model B Rev 1.4',
    arch: 'arm64',
    cores: 3,
    ramBytes: 1893000 * 1024,
  });
  t.true(schema.safeParse(board).success);
});

test('a tree that tells nothing: null, not what this machine is; the message is valid all the same', (t) => {
  const board = readBoard(planted(t, {}));
  t.like(board, { model: undefined, arch: null, cores: null, ramBytes: null });
  t.true(schema.safeParse(board).success);
});

test('this machine is known', (t) => {
  const { arch, cores, ramBytes } = readBoard('/');
  t.is(arch, process.arch);
  t.true((cores ?? 0) >= 1 && (ramBytes ?? 0) > 0);
});
