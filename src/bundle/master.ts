/**
 * master.safetensors: the full weights of a bundle. Matrices are stored as fp16, or as 8-bit numbers with one fp16 scale a
 * block of a row (`NAME.scales`); biases and normalisation vectors stay float32. Rows of a table that are seldom read may be stored
 * in 4 bits after the others (`NAME.coarse`).
 */
import {
  floatToHalf,
  SafetensorsFile,
  type TensorSource,
  type TensorToWrite,
  type WrittenFile,
  writeSafetensors,
} from '../checkpoint/index.js';
import {
  dequantise,
  dequantiseNibbles,
  quantiseToHalfScaledNibbles,
  quantiseWithHalfScales,
} from '../compress/quantise.js';
import { SnugError } from '../errors/index.js';

export type Store = 'fp16' | 'q8';

/** A tensor on its way into the master: a vector or a matrix. */
export interface MasterTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Instead of the master's own form: `q8`, or `q4` for what needs few digits. */
  readonly store?: Store | 'q4';
  /** In 8 bits, the first of the rows that are stored in 4. */
  readonly coarseFrom?: number;
  /** Rows `from` (inclusive) to `to` (exclusive); a vector has one value a row. */
  readonly rows: (from: number, to: number) => Promise<Float32Array>;
}

/** A tensor that is in memory. */
export function tensorOf(name: string, shape: readonly number[], values: Float32Array): MasterTensor {
  const columns = values.length / shape[0];
  return { name, shape, rows: async (from, to) => values.subarray(from * columns, to * columns) };
}

const ROWS_AT_ONCE = 1024;
const SCALES = '.scales';
const COARSE = '.coarse';
/** Values of a row that share a scale; the last block of a row may be shorter. Part of the format. */
const BLOCK = 64;
/** The same for 4-bit numbers, which stand two to a byte. */
const NIBBLE_BLOCK = 32;

const bytesOf = (array: Uint16Array | Int8Array | Float32Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Writes a master; the same tensors always give the same bytes. @throws SAFETENSORS_WRITE, DISK_FULL, TENSOR_VALUE */
export function writeMaster(path: string, tensors: readonly MasterTensor[], store: Store): Promise<WrittenFile> {
  const written = tensors.flatMap((tensor) =>
    tensor.shape.length === 1 ? [vector(tensor)] : inParts(tensor, tensor.store ?? store),
  );
  // Wide types first keeps every tensor aligned to its element.
  const width = { F32: 0, F16: 1, I8: 2, U8: 3 } as Readonly<Record<string, number>>;
  return writeSafetensors(
    path,
    written.toSorted((a, b) => width[a.dtype] - width[b.dtype]),
  );
}

function vector({ name, shape, rows }: MasterTensor): TensorToWrite {
  return {
    name,
    shape,
    dtype: 'F32',
    chunks: async function* () {
      yield bytesOf(await rows(0, shape[0]));
    },
  };
}

async function* blocksOf({ shape, rows }: MasterTensor): AsyncGenerator<Float32Array> {
  for (let from = 0; from < shape[0]; from += ROWS_AT_ONCE) yield rows(from, Math.min(shape[0], from + ROWS_AT_ONCE));
}

function inParts(tensor: MasterTensor, store: Store | 'q4'): TensorToWrite[] {
  const { name, shape, coarseFrom = shape[0], rows } = tensor;
  if (store !== 'q8' || coarseFrom >= shape[0]) return matrix(tensor, store);
  const columns = shape[1];
  const fine = { name, shape: [coarseFrom, columns], rows };
  const coarse: MasterTensor = {
    name: name + COARSE,
    shape: [shape[0] - coarseFrom, columns],
    rows: (from, to) => rows(coarseFrom + from, coarseFrom + to),
  };
  return [...matrix(fine, 'q8'), ...matrix(coarse, 'q4')];
}

function matrix(tensor: MasterTensor, store: Store | 'q4'): TensorToWrite[] {
  const { name, shape } = tensor;
  if (store === 'fp16')
    return [
      {
        name,
        shape,
        dtype: 'F16',
        chunks: async function* () {
          for await (const values of blocksOf(tensor)) yield bytesOf(finiteHalves(name, floatToHalf(values)));
        },
      },
    ];
  const columns = shape[1];
  if (store === 'q4') return nibbleMatrix(tensor, columns);
  return [
    {
      name,
      shape,
      dtype: 'I8',
      chunks: async function* () {
        for await (const values of blocksOf(tensor))
          yield bytesOf(quantiseWithHalfScales(values, columns, BLOCK).values);
      },
    },
    {
      name: name + SCALES,
      shape: [shape[0], Math.ceil(columns / BLOCK)],
      dtype: 'F16',
      chunks: async function* () {
        for await (const values of blocksOf(tensor))
          yield bytesOf(finiteHalves(name, quantiseWithHalfScales(values, columns, BLOCK).halfScales));
      },
    },
  ];
}

function nibbleMatrix(tensor: MasterTensor, columns: number): TensorToWrite[] {
  const { name, shape } = tensor;
  const blocks = Math.ceil(columns / NIBBLE_BLOCK);
  return [
    {
      name,
      shape: [shape[0], (blocks * NIBBLE_BLOCK) / 2],
      dtype: 'U8',
      chunks: async function* () {
        for await (const values of blocksOf(tensor))
          yield quantiseToHalfScaledNibbles(values, columns, NIBBLE_BLOCK).values;
      },
    },
    {
      name: name + SCALES,
      shape: [shape[0], blocks],
      dtype: 'F16',
      chunks: async function* () {
        for await (const values of blocksOf(tensor))
          yield bytesOf(finiteHalves(name, quantiseToHalfScaledNibbles(values, columns, NIBBLE_BLOCK).halfScales));
      },
    },
  ];
}

/** A weight of 65,520 or more has no fp16; stored all the same, every answer would be no number. */
function finiteHalves(name: string, halves: Uint16Array): Uint16Array {
  if (halves.every((half) => (half & 0x7c00) !== 0x7c00)) return halves;
  throw new SnugError('TENSOR_VALUE', `tensor ${name} has values that are too large for half precision`);
}

/** A master opened for reading: every tensor arrives as float32. */
export class Master implements TensorSource {
  private constructor(private readonly file: SafetensorsFile) {}

  /** @throws SAFETENSORS_HEADER, SAFETENSORS_READ */
  static async open(path: string): Promise<Master> {
    return new Master(await SafetensorsFile.open(path));
  }

  get names(): readonly string[] {
    return this.file.names.filter((name) => !name.endsWith(SCALES) && !name.endsWith(COARSE));
  }

  has(name: string): boolean {
    return this.file.has(name);
  }

  /** A row of 4-bit numbers is as long as its blocks, filled up with zeros. */
  shape(name: string): readonly number[] {
    const [rows, columns] = this.file.shape(name);
    if (this.isNibbles(name)) return [rows, columns * 2];
    return this.file.has(name + COARSE) ? [rows + this.file.shape(name + COARSE)[0], columns] : this.file.shape(name);
  }

  async read(name: string): Promise<Float32Array> {
    return this.readRows(name, 0, this.shape(name)[0]);
  }

  async readRows(name: string, from: number, to: number): Promise<Float32Array> {
    const [fine] = this.file.shape(name);
    if (to <= fine || !this.file.has(name + COARSE)) return this.readStored(name, from, to);
    const columns = this.shape(name)[1];
    const [first, last] = [Math.min(from, fine), Math.max(from, fine)];
    const both = new Float32Array((to - from) * columns);
    both.set(await this.readStored(name, first, fine));
    const coarse = await this.readStored(name + COARSE, last - fine, to - fine);
    const stride = coarse.length / Math.max(1, to - last);
    for (let row = last; row < to; row++) {
      const at = (row - last) * stride;
      both.set(coarse.subarray(at, at + columns), (row - from) * columns);
    }
    return both;
  }

  private async readStored(name: string, from: number, to: number): Promise<Float32Array> {
    if (!this.file.has(name + SCALES)) return this.file.readRows(name, from, to);
    const bytes = await this.file.readBytes(name, from, to);
    if (this.isNibbles(name)) {
      const nibbleScales = await this.file.readRows(name + SCALES, from, to);
      return dequantiseNibbles({ values: bytes, scales: nibbleScales }, NIBBLE_BLOCK);
    }
    const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const scales = await this.file.readRows(name + SCALES, from, to);
    return dequantise({ values, scales }, this.shape(name)[1], BLOCK);
  }

  private isNibbles(name: string): boolean {
    return this.file.entry(name).dtype === 'U8';
  }

  /** All tensors as another master can take them; quantised ones come out as they are, for a block's largest value is exact. */
  tensors(): MasterTensor[] {
    return this.names.map((name) => ({
      name,
      shape: this.shape(name),
      store: this.storeOf(name),
      ...(this.file.has(name + COARSE) && { coarseFrom: this.file.shape(name)[0] }),
      rows: (from, to) => this.readRows(name, from, to),
    }));
  }

  private storeOf(name: string): Store | 'q4' {
    if (!this.file.has(name + SCALES)) return 'fp16';
    return this.isNibbles(name) ? 'q4' : 'q8';
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
