/** The closed-form corrections under which slices are trained, read back as the bundle stores them: what is trained is what will run. */

import { Master, type MasterTensor, type Store, writeMaster } from '../../bundle/making.js';
import type { NormVectors } from '../../calibrate/index.js';
import { type CalibrateOptions, correct, keyOf, nameOf, type Shape } from '../../calibrate/index.js';
import { normTensor, restoringTensors, standInTensors } from '../../compress/corrections.js';
import { firstColumns, lowRankAdd } from '../../compress/matrices.js';
import { placeOf } from '../../compress/places.js';
import type { Restoration, SliceCorrections, StandIn } from '../../train/index.js';
import { countsOf, isFull, type NetworkSize, shapesOf } from '../shapes.js';

/** As bundles store them unless told otherwise; what `--store q8` rounds beyond that is left to the slices' margin. */
const STORE = 'fp16';

export async function writeCorrections(path: string, calibration: CalibrateOptions): Promise<void> {
  await writeMaster(path, [...(await correct(calibration)).tensors(STORE)], STORE);
}

export class StoredCorrections {
  private readonly norms = new Map<string, NormVectors>();
  private readonly restorations = new Map<string, Restoration>();
  private readonly standIns = new Map<string, StandIn>();

  private constructor(private readonly layers: number) {}

  static async open(path: string, size: NetworkSize & { readonly headSize: number }): Promise<StoredCorrections> {
    const master = await Master.open(path);
    const corrections = new StoredCorrections(size.layers);
    try {
      for (const shape of shapesOf('full').filter((one) => !isFull(one))) await corrections.read(master, shape, size);
      return corrections;
    } finally {
      await master.close();
    }
  }

  norm(shape: Shape, site: number): NormVectors {
    return held(this.norms, normTensor(nameOf(shape), site));
  }

  /** Channels that a width dropped, for what reads them at a site; undefined where none are dropped. */
  restoration(width: number, site: number): Restoration | undefined {
    return this.restorations.get(restoringTensors(keyOf(width), site).weight);
  }

  of({ width, prune }: Shape): SliceCorrections {
    return this.mixed(width, () => prune);
  }

  /** @param pruneAt what is removed of the unit before a site: heads before odd ones, neurons before even ones */
  mixed(width: number, pruneAt: (site: number) => number): SliceCorrections {
    const placed = (dense: string) => placeOf(`${dense}.weight`, this.layers);
    return {
      restoration: (dense) => {
        const { kind, site } = placed(dense);
        return kind === 'reading' && site < 2 * this.layers ? this.restoration(width, site) : undefined;
      },
      standIn: (dense) => {
        const { kind, site } = placed(dense);
        return kind === 'writing' ? this.standIns.get(standInTensors(keyOf(pruneAt(site)), site).left) : undefined;
      },
    };
  }

  private async read(master: Master, shape: Shape, size: NetworkSize & { readonly headSize: number }): Promise<void> {
    const { channels, heads, neurons } = countsOf(shape, size);
    const hidden = size.hiddenSize;
    for (let site = 0; site <= 2 * size.layers; site++) {
      const norm = normTensor(nameOf(shape), site);
      const [scale, bias] = [await master.readRows(norm, 0, 1), await master.readRows(norm, 1, 2)];
      this.norms.set(norm, { scale: scale.subarray(0, channels), bias: bias.subarray(0, channels) });
      const map = restoringTensors(keyOf(shape.width), site);
      if (master.has(map.weight) && !this.restorations.has(map.weight)) {
        const stored = await master.read(map.weight);
        const whole = firstColumns(stored, stored.length / hidden, channels);
        for (let i = 0; i < channels; i++) whole[i * channels + i] += 1;
        this.restorations.set(map.weight, { map: whole, bias: await master.read(map.bias) });
      }
      const names = standInTensors(keyOf(shape.prune), site);
      if (!master.has(names.left) || this.standIns.has(names.left)) continue;
      const units = site % 2 === 1 ? heads * size.headSize : neurons;
      const weight = new Float32Array(hidden * units);
      const [rank] = master.shape(names.right);
      lowRankAdd(weight, await master.read(names.left), await master.read(names.right), hidden, rank);
      this.standIns.set(names.left, { weight, bias: await master.read(names.bias) });
    }
  }
}

function held<Value>(map: ReadonlyMap<string, Value>, name: string): Value {
  const value = map.get(name);
  if (value === undefined) throw new Error(`no correction ${name}`);
  return value;
}

/**
 * What the bundle takes over: maps and stand-ins, without what the slices have trained for themselves since. A bundle in 8 bits has them
 * in 4, as every recipe does.
 */
export const correctionTensors = (master: Master, layers: number, store: Store): MasterTensor[] =>
  master
    .tensors()
    .filter(({ name }) => !name.startsWith('shape.') && !name.replace(/\.bias$/, '').endsWith(`.restore.${2 * layers}`))
    .map((tensor) => (store === 'q8' && tensor.store === 'q8' ? { ...tensor, store: 'q4' } : tensor));
