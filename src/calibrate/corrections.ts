/** What a profile needs beside a plain cut of the master, worked out on calibration text and stored in the bundle. */
import { type MasterTensor, type Store, tensorOf } from '../bundle/making.js';
import { normTensor, restoringTensors, standInTensors } from '../compress/corrections.js';
import { type NormVectors, transposed } from './layer.js';

/** Shares of the network that profiles keep and remove, bits aside. */
export interface Shape {
  readonly width: number;
  readonly prune: number;
}

/** The same as counts, alike in every layer. */
export interface UniformCounts {
  readonly channels: number;
  readonly heads: number;
  readonly neurons: number;
}

/** All channels from those that a width keeps: full ≈ weightᵀ kept + bias. */
export interface Restoring {
  /** [kept, hidden] */
  readonly weight: Float32Array;
  /** [hidden] */
  readonly bias: Float32Array;
}

/** What the kept heads or neurons of a layer add to the result in place of the removed ones: right × left + bias. */
export interface LowRank {
  /** [kept, rank] */
  readonly right: Float32Array;
  /** [rank, hidden] */
  readonly left: Float32Array;
  /** [hidden] */
  readonly bias: Float32Array;
}

/** Corrections by the places where they act; sites are numbered as in compress/corrections.ts. */
export class Corrections {
  private readonly restorings = new Map<string, Restoring>();
  private readonly lowRanks = new Map<string, LowRank>();
  private readonly normVectors = new Map<string, NormVectors>();

  restoring({ width }: Shape, site: number): Restoring | undefined {
    return this.restorings.get(restoringTensors(keyOf(width), site).weight);
  }

  setRestoring({ width }: Shape, site: number, restoring: Restoring): void {
    this.restorings.set(restoringTensors(keyOf(width), site).weight, restoring);
  }

  lowRank({ prune }: Shape, site: number): LowRank | undefined {
    return this.lowRanks.get(standInTensors(keyOf(prune), site).left);
  }

  setLowRank({ prune }: Shape, site: number, lowRank: LowRank): void {
    this.lowRanks.set(standInTensors(keyOf(prune), site).left, lowRank);
  }

  norm(shape: Shape, site: number): NormVectors | undefined {
    return this.normVectors.get(normTensor(nameOf(shape), site));
  }

  setNorm(shape: Shape, site: number, vectors: NormVectors): void {
    this.normVectors.set(normTensor(nameOf(shape), site), vectors);
  }

  /**
   * As the master holds them: the map to all channels without the kept ones themselves, which a cut adds. Few digits do: they
   * correct what is there. @param unread a site that nothing reads
   */
  *tensors(store: Store, unread?: number): Generator<MasterTensor> {
    const few = store === 'fp16' ? 'q8' : 'q4';
    for (const [name, { weight, bias }] of this.restorings) {
      if (name.endsWith(`.${unread}`)) continue;
      const hidden = bias.length;
      const kept = weight.length / hidden;
      const map = transposed(weight, kept);
      for (let i = 0; i < kept; i++) map[i * kept + i] -= 1;
      yield { ...tensorOf(name, [hidden, kept], map), store: few };
      yield tensorOf(`${name}.bias`, [hidden], bias);
    }
    for (const [name, { right, left, bias }] of this.lowRanks) {
      const hidden = bias.length;
      const rank = left.length / hidden;
      yield { ...tensorOf(name, [hidden, rank], transposed(left, rank)), store: few };
      const units = right.length / rank;
      yield { ...tensorOf(name.replace(/left$/, 'right'), [rank, units], transposed(right, units)), store: few };
      yield tensorOf(name.replace(/left$/, 'bias'), [hidden], bias);
    }
    for (const [name, { scale, bias }] of this.normVectors)
      yield { ...tensorOf(name, [2, scale.length], Float32Array.from([...scale, ...bias])), store: 'fp16' };
  }
}

/** Shares as profiles' names have them. */
export const keyOf = (share: number) => share.toFixed(2);
export const nameOf = ({ width, prune }: Shape) => `w${keyOf(width)}-p${keyOf(prune)}`;
