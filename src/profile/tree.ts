/**
 * The files that the kernel tells of a machine in, below one root: this machine's own, or a tree captured from another board.
 * Of a captured tree nothing is ever read from outside of it.
 */
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { messageOf, systemCodeOf } from '../errors/index.js';

/** No value that is looked for stands deeper in its file; what is longer is cut here. */
const MOST_BYTES = 64 * 1024;
const MOST_NAMES = 1024;

/** `SNUG_SYSROOT`, where `/proc`, `/sys` and `/etc` are read from, else the root of this machine. */
export function systemRoot(): string {
  return process.env.SNUG_SYSROOT || '/';
}

export type Text =
  | { readonly text: string; readonly problem: null; readonly missing: false }
  /** `problem` names the file: `/proc/meminfo is not there`. */
  | { readonly text: null; readonly problem: string; readonly missing: boolean };

export class Tree {
  /** Whether this is the running machine's own tree: only then may the running process tell more. */
  readonly live: boolean;
  readonly #root: string;
  readonly #texts = new Map<string, Text>();
  readonly #buffer = Buffer.allocUnsafe(MOST_BYTES);
  #realRoot: string | undefined;

  constructor(root: string) {
    this.#root = resolve(root);
    this.live = this.#root === resolve('/');
  }

  /** The text of a file, from its beginning. `path` is meant below the root, without a slash before it. */
  text(path: string): Text {
    const length = this.#fill(path);
    if (typeof length === 'number')
      return { text: this.#buffer.toString('utf8', 0, length), problem: null, missing: false };
    return { text: null, ...length };
  }

  /** As `text`, but a file is read once only. */
  once(path: string): Text {
    const text = this.#texts.get(path) ?? this.text(path);
    this.#texts.set(path, text);
    return text;
  }

  /** The bytes of a file, or null where it can't be read. */
  bytes(path: string): Buffer | null {
    const length = this.#fill(path);
    return typeof length === 'number' ? Buffer.from(this.#buffer.subarray(0, length)) : null;
  }

  /** What a folder holds, in order; nothing where it can't be listed. */
  names(folder: string): readonly string[] {
    try {
      return readdirSync(this.#inside(folder)).slice(0, MOST_NAMES).sort();
    } catch {
      return [];
    }
  }

  isThere(path: string): boolean {
    try {
      return existsSync(this.#inside(path));
    } catch {
      return false;
    }
  }

  /** The last name of what a link points to, or null where there is no link. */
  linkName(path: string): string | null {
    try {
      return basename(readlinkSync(join(this.#root, path)));
    } catch {
      return null;
    }
  }

  /** Where a link ends, or null: for what the path itself says (`/devices/…/usb1/…`). */
  realPath(path: string): string | null {
    try {
      return realpathSync(this.#inside(path));
    } catch {
      return null;
    }
  }

  /** Fills the buffer and gives the length, or says why not. */
  #fill(path: string): number | { problem: string; missing: boolean } {
    let file: number | undefined;
    try {
      const at = this.#inside(path);
      // A pipe in a captured tree would wait for its writer for ever.
      file = openSync(at, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      let length = 0;
      for (;;) {
        const more = readSync(file, this.#buffer, length, MOST_BYTES - length, null);
        length += more;
        if (more === 0 || length === MOST_BYTES) return length;
      }
    } catch (error) {
      const code = systemCodeOf(error);
      const missing = code === 'ENOENT' || code === 'ENOTDIR';
      const what = code === undefined ? messageOf(error) : missing ? 'is not there' : `can't be read (${code})`;
      return { problem: `/${path} ${what}`, missing };
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** The path on disk. Links and `..` lead nowhere but into the tree. */
  #inside(path: string): string {
    const at = join(this.#root, path);
    if (this.live) return at;
    this.#realRoot ??= realpathSync(this.#root);
    const real = realpathSync(at);
    if (real !== this.#realRoot && !real.startsWith(this.#realRoot + sep))
      throw new Error('leads out of the captured tree');
    if (!statSync(real).isFile() && !statSync(real).isDirectory()) throw new Error('is no file');
    return real;
  }
}
