/** Rows of what networks cost: time, memory, bytes; DistilBERT in float32 is what the others stand beside. */
import { type BenchRow, type Round, type RowShape, rowOf, unmeasured } from '../row.js';
import {
  keyOf,
  type NetworkTimes,
  type TextLength,
  type ThreadCount,
  textLengths,
  threadCounts,
} from './measure-networks.js';
import { HALF_INT8, type Network, nameOf } from './networks.js';

export type MadeNetwork = Network | { readonly why: string };
export type Measured = NetworkTimes | { readonly why: string };

const REFERENCE = 'distilbert';

/** Figures of one network, a list over the rounds, or why there are none. */
type Figures = readonly number[] | { readonly why: string };

export function networkRows(
  made: ReadonlyMap<string, MadeNetwork>,
  measured: ReadonlyMap<string, Measured>,
): BenchRow[] {
  const rows = new NetworkRows(made, measured);
  return [
    rows.time('half-int8-vs-distilbert-time', HALF_INT8, 'distilbert', 32, 1, '<=0.06'),
    rows.bytes('half-int8-vs-distilbert-bytes', HALF_INT8, 'distilbert', '<=0.05'),
    rows.time('half-int8-vs-mobilebert-time', HALF_INT8, 'mobilebert', 32, 1, '<=0.25'),
    ...[...made.keys()].flatMap((id) => rows.all(id)),
  ];
}

class NetworkRows {
  constructor(
    private readonly made: ReadonlyMap<string, MadeNetwork>,
    private readonly measured: ReadonlyMap<string, Measured>,
  ) {}

  /** All that is known of one network. */
  all(id: string): BenchRow[] {
    const against = id === REFERENCE ? undefined : REFERENCE;
    return [
      ...threadCounts.flatMap((threads) =>
        textLengths.map((tokens) => this.time(`time-${id}-${keyOf(tokens, threads)}`, id, against, tokens, threads)),
      ),
      this.memory(`anon-${id}`, id, against, 'anonymous memory', (one) => one.anonBytes),
      this.memory(`rss-${id}`, id, against, 'all memory', (one) => one.rssBytes),
      this.bytes(`bytes-${id}`, id, against),
    ];
  }

  time(
    id: string,
    network: string,
    against: string | undefined,
    tokens: TextLength,
    threads: ThreadCount,
    bar?: RowShape['bar'],
  ): BenchRow {
    const what = `p50 of a text of ${tokens} tokens, ids to scores, on ${threads} thread${threads > 1 ? 's' : ''}`;
    return this.row({ id, what, unit: 'ms', bar }, network, against, (of) =>
      this.ofRun(of, ({ medianMs }) => medianMs.get(keyOf(tokens, threads)) ?? []),
    );
  }

  bytes(id: string, network: string, against: string | undefined, bar?: RowShape['bar']): BenchRow {
    return this.row({ id, what: 'all weights', unit: 'MB', bar }, network, against, (of) => {
      const one = this.made.get(of) ?? { why: 'not made' };
      return 'why' in one ? one : [one.weightBytes / 1e6];
    });
  }

  private memory(
    id: string,
    network: string,
    against: string | undefined,
    what: string,
    figure: (memory: NetworkTimes['memory'][number]) => number,
  ): BenchRow {
    const shape = { id, what: `${what} of a process that runs it, after texts of all lengths`, unit: 'MB' };
    return this.row(shape, network, against, (of) =>
      this.ofRun(of, ({ memory }) => memory.map((one) => figure(one) / 1e6)),
    );
  }

  private ofRun(of: string, figures: (times: NetworkTimes) => readonly number[]): Figures {
    const one = this.made.get(of) ?? { why: 'not made' };
    if ('why' in one) return one;
    const times = this.measured.get(of) ?? { why: 'not run' };
    return 'why' in times ? times : figures(times);
  }

  private row(
    shape: Omit<RowShape, 'against'>,
    network: string,
    against: string | undefined,
    figuresOf: (of: string) => Figures,
  ): BenchRow {
    const whole: RowShape = {
      ...shape,
      what: `${nameOf(network)}, ${this.weightsOf(network)}: ${shape.what}`,
      ...(against === undefined ? {} : { against: `${nameOf(against)} fp32` }),
    };
    const own = figuresOf(network);
    const other = against === undefined ? [] : figuresOf(against);
    if ('why' in own) return unmeasured(whole, `${nameOf(network)}: ${own.why}`);
    if ('why' in other) return unmeasured(whole, `${nameOf(against ?? '')}: ${other.why}`);
    const rounds = own.map((value, at): Round => (against === undefined ? { value } : { value, reference: other[at] }));
    return rowOf(whole, rounds, against === undefined ? undefined : `${nameOf(against)}: ${this.weightsOf(against)}`);
  }

  private weightsOf(id: string): string {
    const one = this.made.get(id);
    return one === undefined || 'why' in one ? 'not made' : one.weights;
  }
}
