/** Which files a repository has, and which of them a checkpoint needs. What the hub says is not trusted. */
import { SnugError } from '../../errors/index.js';
import { type Checksum, checksumOf } from './checksum.js';

export interface RemoteFile {
  /** Path in the repository, parts separated by `/`. */
  readonly path: string;
  readonly size?: number;
  readonly checksum?: Checksum;
}

export interface Listing {
  /** The commit that the revision stood for, so that all files come from one state. */
  readonly commit?: string;
  readonly files: ReadonlyMap<string, RemoteFile>;
}

/** Everything but weights. The transformer may lie in a folder of its own; pooling always does. */
const wanted = new RegExp(
  `^(?:(?:0_\\w+/)?(?:${[
    'config\\.json',
    'tokenizer\\.json',
    'tokenizer_config\\.json',
    'special_tokens_map\\.json',
    'vocab\\.txt',
    'sentence_bert_config\\.json',
  ].join(
    '|',
  )})|modules\\.json|config_sentence_transformers\\.json|\\d+_\\w+/config\\.json|README\\.md|(?:LICEN[SC]E|NOTICE)(?:\\.txt|\\.md)?)$`,
);

/** The small files that a checkpoint needs. */
export function smallFiles(listing: Listing): RemoteFile[] {
  return [...listing.files.values()].filter(({ path }) => wanted.test(path));
}

/**
 * Checks a hub's answer to `/api/models/OWNER/NAME/revision/REV?blobs=true`.
 * @throws HUB_LISTING where it is no listing, or names a file outside the repository
 */
export function parseListing(value: unknown, repository: string): Listing {
  const wrong = (what: string) => new SnugError('HUB_LISTING', `${repository}: ${what}`);
  const fields = asMap(value);
  const siblings = fields?.get('siblings');
  if (!Array.isArray(siblings)) throw wrong('the hub gave no list of files');
  const files = new Map<string, RemoteFile>();
  for (const sibling of siblings) {
    const entry = asMap(sibling);
    const path = entry?.get('rfilename');
    if (entry === undefined || typeof path !== 'string')
      throw wrong('the hub gave a list with an entry that is no file');
    if (!isSafePath(path)) throw wrong(`the hub lists a file named ${JSON.stringify(path).slice(0, 100)}`);
    const size = entry.get('size');
    files.set(path, {
      path,
      size: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : undefined,
      // Of a large file the blob is a pointer, so its own hash says nothing of the content.
      checksum:
        checksumOf(asMap(entry.get('lfs'))?.get('sha256')) ??
        (entry.get('lfs') ? undefined : checksumOf(entry.get('blobId'))),
    });
  }
  const commit = fields?.get('sha');
  return { commit: typeof commit === 'string' && /^[0-9a-f]{40}$/.test(commit) ? commit : undefined, files };
}

/** Whether a path stays in the folder that it is put into, on every system. */
function isSafePath(path: string): boolean {
  const parts = path.split('/');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[\\:\u0000-\u001f]/.test(path) && parts.every((part) => part !== '' && part !== '.' && part !== '..');
}

function asMap(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}
