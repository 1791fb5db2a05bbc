/** Where a tensor stands in the network, by its name: what its axes count, and at which site its corrections act. */

type Axis = 'channels' | 'units' | 'neurons';

export interface Place {
  /** `reading`: products that read channels; `writing`: products that write them; both also for their biases. */
  readonly kind: 'table' | 'norm' | 'reading' | 'writing' | 'prototypes' | 'other';
  readonly layer: number;
  /** Where channels are normalised, 0 (embedding) to 2 × layers; for `reading` the site that is read. */
  readonly site: number;
  /** What is cut; undefined where an axis stays whole. `units` are heads' values. */
  readonly rows?: Axis;
  readonly columns?: Axis;
}

const parts: Readonly<Record<string, Omit<Place, 'layer' | 'site'> & { readonly site: number }>> = {
  'attention.self.query': { kind: 'reading', site: 0, rows: 'units', columns: 'channels' },
  'attention.self.key': { kind: 'reading', site: 0, rows: 'units', columns: 'channels' },
  'attention.self.value': { kind: 'reading', site: 0, rows: 'units', columns: 'channels' },
  'attention.output.dense': { kind: 'writing', site: 1, rows: 'channels', columns: 'units' },
  'attention.output.LayerNorm': { kind: 'norm', site: 1, rows: 'channels' },
  'intermediate.dense': { kind: 'reading', site: 1, rows: 'neurons', columns: 'channels' },
  'output.dense': { kind: 'writing', site: 2, rows: 'channels', columns: 'neurons' },
  'output.LayerNorm': { kind: 'norm', site: 2, rows: 'channels' },
};

/** @param layers of the network: a head that the checkpoint brought reads the last one's result */
export function placeOf(name: string, layers: number): Place {
  const [, layer, part] = /^encoder\.layer\.(\d+)\.(.+)\.(?:weight|bias)$/.exec(name) ?? [];
  if (part !== undefined && parts[part]) {
    const known = parts[part];
    return { ...known, layer: Number(layer), site: 2 * Number(layer) + known.site };
  }
  const nowhere = { layer: -1, site: -1 };
  if (name.startsWith('embeddings.LayerNorm.')) return { kind: 'norm', layer: -1, site: 0, rows: 'channels' };
  if (name.startsWith('embeddings.')) return { kind: 'table', ...nowhere, columns: 'channels' };
  if (name === 'head.prototypes') return { kind: 'prototypes', ...nowhere, columns: 'channels' };
  if (name.startsWith('head.dense.')) return { kind: 'reading', layer: -1, site: 2 * layers, columns: 'channels' };
  if (name === 'head.weight' || name === 'head.bias')
    return { kind: 'reading', layer: -1, site: 2 * layers, columns: 'channels' };
  const [, rangeLayer, product] = /^ranges\.(\d+)\.(qkv|up|down)$/.exec(name) ?? [];
  if (product === undefined) return { kind: 'other', ...nowhere };
  return { kind: 'other', layer: Number(rangeLayer), site: -1, rows: product === 'down' ? 'neurons' : 'channels' };
}
