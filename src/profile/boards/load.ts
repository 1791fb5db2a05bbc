/** Board files: those that come with Snug, and those of its users. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, SnugError } from '../../errors/index.js';
import { nearestWord } from '../../errors/nearest.js';
import { packageFolder } from '../../files/package-folder.js';
import { checkYaml } from '../../yaml/index.js';
import { type BoardFile, boardSchema } from './schema.js';

const LONGEST_FILE_BYTES = 64 * 1024;
const EXTENSION = /\.ya?ml$/;

/** A board with one size of RAM. */
export interface Board extends Omit<BoardFile, 'name' | 'ram' | 'cores'> {
  /** `raspberry-pi-5-4gb`. */
  readonly name: string;
  /** Of the file: `raspberry-pi-5`. */
  readonly family: string;
  readonly ram: BoardFile['ram'][number];
  readonly cores: BoardFile['cores'];
}

/** The folder with the profiles of known boards. */
export function boardFolder(): string {
  return join(packageFolder(), 'device-profiles');
}

/**
 * All boards that come with Snug, one for each size of RAM, by name and size.
 * @throws BOARD_UNREADABLE, BOARD_INVALID
 */
export function knownBoards(): Board[] {
  const folder = boardFolder();
  const files = readdirSync(folder).filter((file) => EXTENSION.test(file));
  return files.sort().flatMap((file) => readBoardFile(join(folder, file)));
}

/**
 * A board by its name, the name of its family or the path of a file. Where there are several sizes of RAM and none is named,
 * the smallest is meant: what is planned for it fits the others too.
 * @throws BOARD_UNKNOWN, BOARD_UNREADABLE, BOARD_INVALID
 */
export function loadBoard(nameOrFile: string): Board {
  if (EXTENSION.test(nameOrFile) || /[\\/]/.test(nameOrFile)) return smallest(readBoardFile(nameOrFile));
  const boards = knownBoards();
  const named = boards.filter(({ name, family }) => name === nameOrFile || family === nameOrFile);
  if (named.length > 0) return named.find(({ name }) => name === nameOrFile) ?? smallest(named);
  const names = [...new Set(boards.flatMap(({ name, family }) => [family, name]))];
  const meant = nearestWord(nameOrFile, names);
  const hint =
    meant === undefined
      ? `known: ${[...new Set(boards.map(({ family }) => family))].join(', ')}`
      : `did you mean ${meant}?`;
  throw new SnugError('BOARD_UNKNOWN', `no board is called ${JSON.stringify(nameOrFile.slice(0, 80))}; ${hint}`);
}

function smallest(boards: readonly Board[]): Board {
  return boards.reduce((least, board) => (board.ram.nominalBytes < least.ram.nominalBytes ? board : least));
}

/** One board for each size of RAM in a file. */
export function readBoardFile(path: string): Board[] {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > LONGEST_FILE_BYTES) throw new Error(`it has ${size} bytes; at most ${LONGEST_FILE_BYTES} are read`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SnugError('BOARD_UNREADABLE', `board ${path}: ${messageOf(cause)}`, { cause });
  }
  return checkBoard(text, path);
}

/** @throws BOARD_INVALID with all problems at once, a line each: `file:line:column key: what is wrong` */
export function checkBoard(text: string, file: string): Board[] {
  const checked = checkYaml(boardSchema, text, file);
  if (!checked.ok) {
    const count = checked.count === 1 ? 'an error' : `${checked.count} errors`;
    throw new SnugError('BOARD_INVALID', `${count} in ${basename(file)}\n${checked.lines.join('\n')}`);
  }
  const { name: family, ram, cores, ...rest } = checked.value;
  return ram.map((size) => ({
    ...rest,
    family,
    name: size.name,
    ram: size,
    cores: size.cores === undefined ? cores : { count: size.cores, source: size.source },
  }));
}
