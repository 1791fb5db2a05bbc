/** The header of a safetensors file, checked before anything of it is believed. Spec: safetensors, "Format". */
import { SnugError } from '../errors/index.js';
import { duplicateKey } from './json-keys.js';

/** Bytes an element takes, for every type that Snug knows. */
export const bytesPerElement = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof bytesPerElement;

/** What the header says of one tensor; `begin` and `end` are byte positions in the file. */
export interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A part of the file that belongs to no tensor, in bytes from the start of the file. */
export interface Gap {
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order in which the bytes lie in the file. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly gaps: readonly Gap[];
}

/** Longest header that is read, in bytes; the reference implementation's limit. */
export const maxHeaderBytes = 100_000_000;

/** Elements of a shape; undefined where that is no exact number. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) count *= size;
  return Number.isSafeInteger(count) ? count : undefined;
}

const isSize = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isDtype = (value: unknown): value is Dtype => typeof value === 'string' && Object.hasOwn(bytesPerElement, value);

/** A value as an error shows it, cut where it is long. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/**
 * Parses and checks the header of `file`: JSON without repeated keys, known types, shapes that agree with the bytes,
 * tensors inside the file that do not overlap. Gaps are reported, not refused.
 * @param json the header's bytes
 * @param dataStart where the tensors' bytes start in the file
 * @param fileBytes length of the file
 * @throws SAFETENSORS_HEADER, naming file and tensor
 */
export function parseHeader(file: string, json: Uint8Array, dataStart: number, fileBytes: number): SafetensorsHeader {
  const wrong = (what: string, cause?: unknown) => new SnugError('SAFETENSORS_HEADER', `${file}: ${what}`, { cause });
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
    header = JSON.parse(text);
  } catch (cause) {
    throw wrong('the header is not JSON', cause);
  }
  if (!isObject(header)) throw wrong('the header is not a JSON object');
  const repeated = duplicateKey(text);
  if (repeated !== undefined) throw wrong(`the header names ${shown(repeated)} twice`);

  const entries: [string, TensorEntry][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = checkedMetadata(value, wrong);
      continue;
    }
    entries.push([name, checkedEntry(value, dataStart, fileBytes, (what) => wrong(`header, tensor ${name}: ${what}`))]);
  }
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  const gaps = checkedLayout(entries, dataStart, fileBytes, wrong);
  return { tensors: new Map(entries), metadata, gaps };
}

function checkedMetadata(value: unknown, wrong: (what: string) => SnugError): Record<string, string> {
  const metadata: Record<string, string> = {};
  if (!isObject(value)) throw wrong('the header has __metadata__ that is not an object');
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw wrong(`the header has __metadata__ ${shown(key)} that is not a string`);
    metadata[key] = text;
  }
  return metadata;
}

function checkedEntry(
  value: unknown,
  dataStart: number,
  fileBytes: number,
  wrong: (what: string) => SnugError,
): TensorEntry {
  if (!isObject(value)) throw wrong('is not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    throw wrong(`dtype ${shown(dtype)} is not known (known: ${Object.keys(bytesPerElement).join(', ')})`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw wrong(`shape ${shown(shape)} is not a list of whole numbers from 0`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw wrong(`data_offsets ${shown(offsets)} are not two whole numbers from 0`);
  }
  const [from, to] = offsets as [number, number];
  if (from > to) throw wrong(`data_offsets ${shown(offsets)} run backwards`);
  if (to > fileBytes - dataStart) {
    throw wrong(`data_offsets ${shown(offsets)} reach beyond the file's end (${fileBytes - dataStart} bytes of data)`);
  }
  const count = elementCount(shape);
  if (count === undefined || count * bytesPerElement[dtype] !== to - from) {
    throw wrong(`shape ${shown(shape)} of ${dtype} does not agree with the ${to - from} bytes it has`);
  }
  return { dtype, shape, begin: dataStart + from, end: dataStart + to };
}

/** Refuses tensors that share bytes; returns what belongs to none. */
function checkedLayout(
  entries: readonly (readonly [string, TensorEntry])[],
  dataStart: number,
  fileBytes: number,
  wrong: (what: string) => SnugError,
): Gap[] {
  const gaps: Gap[] = [];
  let reached = dataStart;
  let reachedBy = '';
  for (const [name, { begin, end }] of entries) {
    if (begin < reached && end > begin) throw wrong(`header: tensors ${reachedBy} and ${name} overlap`);
    if (begin > reached) gaps.push({ begin: reached, end: begin });
    if (end >= reached) {
      reached = end;
      reachedBy = name;
    }
  }
  if (reached < fileBytes) gaps.push({ begin: reached, end: fileBytes });
  return gaps;
}
