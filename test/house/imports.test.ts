/** Imports between rooms run one way. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { filesBelow, importsOf, roomOf, root, textOf } from './tree.js';

/** From top to bottom, as docs/architecture.md lists them: a room imports from rooms below it. That leaves no circle. */
const rooms = [...textOf('docs/architecture.md').matchAll(/^\| `((?:src\/)?[a-z-]+)` \|/gm)].map(([, room]) => room);

const code = [...filesBelow('src'), ...filesBelow('agent')].filter((path) => path.endsWith('.ts'));
const importing = code.flatMap((from) => importsOf(from).map((to) => ({ from, to })));

test('every room stands in docs/architecture.md, and every room there exists', (t) => {
  const there = new Set(code.map(roomOf).filter((room) => room !== 'src/index.ts'));
  t.deepEqual([...rooms].sort(), [...there].sort());
});

test('what is imported exists', (t) => {
  t.true(importing.length > 100);
  t.deepEqual(
    importing.filter(({ to }) => !existsSync(join(root, to))),
    [],
  );
});

test('a room imports only from rooms below it', (t) => {
  const height = (path: string) => rooms.length - rooms.indexOf(roomOf(path));
  const wrong = importing.filter(
    ({ from, to }) => from !== 'src/index.ts' && roomOf(from) !== roomOf(to) && height(from) <= height(to),
  );
  t.deepEqual(wrong, []);
});

test('protocol and checkpoint know nobody but the errors; errors know nobody', (t) => {
  const known = (room: string) =>
    importing.filter(({ from, to }) => roomOf(from) === room && roomOf(to) !== room).map(({ to }) => roomOf(to));
  for (const room of ['src/protocol', 'src/checkpoint']) t.deepEqual([...new Set(known(room))], ['src/errors'], room);
  t.deepEqual(known('src/errors'), []);
});

test('nobody imports the command line or the library’s entry', (t) => {
  const wrong = importing.filter(
    ({ from, to }) => (roomOf(to) === 'src/cli' && roomOf(from) !== 'src/cli') || to === 'src/index.ts',
  );
  t.deepEqual(wrong, []);
});
