/** The folder in which a build works, beside the bundle's place: what is done there outlives a kill, for `--resume`. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { isAlive } from '../bundle/making.js';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { makeFolder } from '../files/index.js';

const OWNER = 'build.json';

interface Owner {
  readonly key: string;
  readonly pid: number;
}

export class Workplace {
  private constructor(
    readonly folder: string,
    /** Whether something of an earlier build was found and is used. */
    readonly resumed: boolean,
  ) {}

  /**
   * @param inputs all that the result depends on; work that was done for others is of no use
   * @throws BUNDLE_WRITE where another build is at work there, RESUME_MISMATCH, DISK_FULL
   */
  static async open(output: string, inputs: unknown, resume: boolean): Promise<Workplace> {
    const target = resolve(output);
    return Workplace.claim(join(dirname(target), `.${basename(target)}.work`), inputs, resume);
  }

  /**
   * A folder that a person named, which stays: what is there is always used.
   * @throws as `open`, and BUNDLE_WRITE for a folder of something else
   */
  static async named(path: string, inputs: unknown): Promise<Workplace> {
    const folder = resolve(path);
    const [entry] = await entriesOf(folder);
    if (entry !== undefined && !(await ownerOf(folder)))
      throw new SnugError('BUNDLE_WRITE', `${folder}: ${entry} is there, which is nothing that a build left`, {
        remedy: 'Name a new folder, or one that a build has left.',
      });
    return Workplace.claim(folder, inputs, true);
  }

  private static async claim(folder: string, inputs: unknown, resume: boolean): Promise<Workplace> {
    const key = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
    const owner = await ownerOf(folder);
    if (owner && owner.pid !== process.pid && isAlive(owner.pid))
      throw new SnugError('BUNDLE_WRITE', `${folder}: another build is at work there (process ${owner.pid})`, {
        remedy: 'Wait for it to end, or give another folder to -o. Remove the folder if no build is at work.',
      });
    if (resume && owner && owner.key !== key)
      throw new SnugError(
        'RESUME_MISMATCH',
        `${folder}: what is there belongs to a build with other inputs or options`,
      );
    if (resume && !owner && (await entriesOf(folder)).length > 0)
      throw new SnugError('RESUME_MISMATCH', `${folder}: nothing says whose work is there (${OWNER} is no good)`, {
        remedy: 'Leave --resume out to start anew, which removes what is there.',
      });
    try {
      await stat(dirname(folder)); // a folder that is not there is no place for a bundle
      if (!resume || !owner) await rm(folder, { recursive: true, force: true });
      await makeFolder(folder);
      // Beside its place first: a kill in this moment must not make what was done nobody's.
      const own = join(folder, OWNER);
      await writeFile(`${own}.new`, JSON.stringify({ key, pid: process.pid } satisfies Owner), { flush: true });
      await rename(`${own}.new`, own);
    } catch (error) {
      throw written(dirname(folder), error);
    }
    return new Workplace(folder, resume && owner !== undefined);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  has(name: string): Promise<boolean> {
    return isThere(this.path(name));
  }

  /** A file that `make` writes under another name first, so that it is whole whenever it is there. */
  async file(name: string, make: (path: string) => Promise<unknown>): Promise<string> {
    const path = this.path(name);
    if (await isThere(path)) return path;
    const unfinished = `${path}.part`;
    try {
      await make(unfinished);
      await rename(unfinished, path);
    } catch (error) {
      throw written(path, error);
    }
    return path;
  }

  /** The result of a step, from disk where an earlier build got that far. */
  async step<Result>(name: string, make: () => Promise<Result>): Promise<Result> {
    let result: Result | undefined;
    await this.file(stepFile(name), async (unfinished) => {
      result = await make();
      await writeFile(unfinished, serialize(result), { flush: true });
    });
    return result ?? readStep(this.folder, name);
  }

  /** Whether a step is done, or begun with a state on disk. */
  async hasWork(): Promise<boolean> {
    const entries = await entriesOf(this.folder);
    return entries.some((name) => /\.(step|state|best|safetensors)$/.test(name));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

const stepFile = (name: string) => `${name}.step`;

/** The result of a step that is done, for whoever looks at a build's folder from outside. */
export async function readStep<Result>(folder: string, name: string): Promise<Result> {
  const path = join(folder, stepFile(name));
  const bytes = await readFile(path);
  try {
    return deserialize(bytes) as Result;
  } catch (cause) {
    throw new SnugError('RESUME_MISMATCH', `${path}: the file is damaged: ${messageOf(cause)}`, {
      cause,
      remedy: 'Remove this file: the step that it belongs to is done anew.',
    });
  }
}

/** What the file system said, in Snug's words; all other errors stay what they are. */
function written(path: string, error: unknown): unknown {
  const system = systemCodeOf(error);
  if (error instanceof SnugError || system === undefined) return error;
  return new SnugError(system === 'ENOSPC' ? 'DISK_FULL' : 'BUNDLE_WRITE', `${path}: ${messageOf(error)}`, {
    cause: error,
  });
}

async function ownerOf(folder: string): Promise<Owner | undefined> {
  try {
    const { key, pid } = JSON.parse(await readFile(join(folder, OWNER), 'utf8'));
    return typeof key === 'string' && typeof pid === 'number' ? { key, pid } : undefined;
  } catch {
    return undefined; // none, or cut short by a power loss
  }
}

const entriesOf = (folder: string) => readdir(folder).catch((): string[] => []);

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
