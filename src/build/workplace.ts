/** The folder in which a build works, beside the bundle's place: what is done there outlives a kill, for `--resume`. */
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { sha256OfFile } from '../bundle/index.js';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import { makeFolder } from '../files/index.js';
import { differing, type Inputs, isAtWork, OWNER, ownerOf, takeOver } from './owner.js';

/** How a folder is claimed. */
interface Claim {
  readonly inputs: Inputs;
  readonly resume: boolean;
  /** What to do where the folder can't be had, and where what is there is another's. */
  readonly elsewhere: string;
  readonly anew: string;
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
  static async open(output: string, inputs: Inputs, resume: boolean): Promise<Workplace> {
    const target = resolve(output);
    return Workplace.claim(join(dirname(target), `.${basename(target)}.work`), {
      inputs,
      resume,
      elsewhere: 'choose another folder with -o',
      anew: 'leave --resume out to start anew',
    });
  }

  /**
   * A folder that a person named, which stays: what is there is always used.
   * @throws as `open`, and BUNDLE_WRITE for a folder of something else
   */
  static async named(path: string, inputs: Inputs): Promise<Workplace> {
    const folder = resolve(path);
    const [entry] = await entriesOf(folder);
    if (entry !== undefined && !(await ownerOf(folder)))
      throw new SnugError(
        'BUNDLE_WRITE',
        `${folder}: ${entry} is there, and nothing that says a build left it (${OWNER})`,
        {
          remedy: 'Name a new folder with --training, or one that a build has left.',
        },
      );
    const elsewhere = 'name another folder with --training';
    return Workplace.claim(folder, { inputs, resume: true, elsewhere, anew: elsewhere });
  }

  /** One of the cache: work that was done for other inputs is thrown away. @throws BUNDLE_WRITE, DISK_FULL */
  static async notebook(path: string, inputs: Inputs): Promise<Workplace> {
    try {
      return await Workplace.open(path, inputs, true);
    } catch (error) {
      if (!(error instanceof SnugError && error.code === 'RESUME_MISMATCH')) throw error;
      return Workplace.open(path, inputs, false);
    }
  }

  private static async claim(folder: string, { inputs, resume, elsewhere, anew }: Claim): Promise<Workplace> {
    const asked = (what: string, ways: string) => new SnugError('BUNDLE_WRITE', `${folder}: ${what}`, { remedy: ways });
    const parent = dirname(folder);
    const place = await stat(folder).catch(() => undefined);
    if (!(await stat(parent).catch(() => undefined))?.isDirectory())
      throw asked(`${parent} is no folder`, `Make that folder first, or ${elsewhere}.`);
    if (place && !place.isDirectory()) throw asked('is a file, which stays', sentence(elsewhere));
    const owner = await ownerOf(folder);
    if (owner && (await isAtWork(owner)))
      throw asked(`another build is at work there (process ${owner.pid})`, `Wait for it to end, or ${elsewhere}.`);
    if (resume && owner) {
      const others = differing(owner, inputs);
      if (others.length > 0)
        throw new SnugError(
          'RESUME_MISMATCH',
          `${folder}: what is there belongs to a build with other inputs or options: ${others.join(', ')}`,
          { remedy: `Repeat the command as it was, or ${anew}.` },
        );
    }
    if (resume && !owner && (await entriesOf(folder)).length > 0)
      throw new SnugError('RESUME_MISMATCH', `${folder}: nothing says whose work is there (${OWNER} is no good)`, {
        remedy: sentence(`${anew}; what is there can't be gone on with`),
      });
    try {
      if (!resume || !owner) await rm(folder, { recursive: true, force: true });
      await makeFolder(folder);
      await takeOver(folder, inputs);
    } catch (error) {
      throw written(parent, error, elsewhere);
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
    if (await isThere(path)) {
      await refuseDamaged(path);
      return path;
    }
    const unfinished = `${path}.part`;
    try {
      await make(unfinished);
      await writeFile(sumOf(path), await sha256OfFile(unfinished), { flush: true });
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

const sentence = (words: string) => `${words[0].toUpperCase()}${words.slice(1)}.`;

const stepFile = (name: string) => `${name}.step`;

/** The result of a step that is done, for whoever looks at a build's folder from outside. */
export const readStep = async <Result>(folder: string, name: string): Promise<Result> =>
  deserialize(await readFile(join(folder, stepFile(name)))) as Result;

/** Beside every file of a workplace lies what its bytes add up to: hours are not built on what a disk has damaged. */
const sumOf = (path: string) => `${path}.sha256`;

/** @throws RESUME_MISMATCH */
async function refuseDamaged(path: string): Promise<void> {
  const sum = await readFile(sumOf(path), 'utf8').catch(() => undefined);
  if (sum === (await sha256OfFile(path))) return;
  throw new SnugError('RESUME_MISMATCH', `${path}: the file is damaged`, {
    remedy: 'Remove it: the step of the build that it belongs to is done anew.',
  });
}

/** What the file system said, in Snug's words; all other errors stay what they are. */
function written(path: string, error: unknown, elsewhere?: string): unknown {
  const system = systemCodeOf(error);
  if (error instanceof SnugError || system === undefined) return error;
  return new SnugError(system === 'ENOSPC' ? 'DISK_FULL' : 'BUNDLE_WRITE', `${path}: ${messageOf(error)}`, {
    cause: error,
    ...(elsewhere && { remedy: `Free some space, or ${elsewhere}.` }),
  });
}

const entriesOf = (folder: string) => readdir(folder).catch((): string[] => []);

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
