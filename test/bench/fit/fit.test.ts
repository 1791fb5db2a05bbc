/** `snug bench fit`: rows out of cases, and a stream that is watched, on a program that behaves as it is told. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ControlGroup } from '../../../src/bench/control-group.js';
import type { CaseResult } from '../../../src/bench/fit/case.js';
import { rowsOf } from '../../../src/bench/fit/rows.js';
import { type Streamed, stream } from '../../../src/bench/fit/stream.js';
import { temporaryFolder } from '../../checkpoint/support.js';

const streamed = (outcome: Streamed['outcome'], p95Ms: number | null = 2): Streamed => ({
  outcome,
  answered: 1100,
  p50Ms: 1,
  p95Ms,
  majorFaults: 0,
  detail: '',
});

const fit = { profile: 'chosen', accuracy: 0.9 };
const forced = (outcome: Streamed['outcome']) => ({ profile: 'next', accuracy: 0.95, streamed: streamed(outcome) });
const at = (megabytes: number, rest: Omit<CaseResult, 'megabytes' | 'cores'>): CaseResult => ({
  megabytes,
  cores: 1,
  ...rest,
});

test('served and tight are shares of the cases in which fit found a profile', (t) => {
  const [served, tight, ...cases] = rowsOf([
    at(48, { fit: { none: 'no profile fits' } }),
    at(64, { fit: { why: 'fit could not run there' } }),
    at(96, { fit, served: streamed('served'), forced: forced('killed') }),
    at(128, { fit, served: streamed('late', 20), forced: forced('served') }),
    at(192, { fit, served: streamed('served') }),
  ]);
  t.like(served, { id: 'fit-served', value: 2, reference: { value: 3 }, met: false });
  t.like(tight, { id: 'fit-tight', value: 2, reference: { value: 3 }, met: false });
  t.regex(served.note ?? '', /2 of 5 cases have no profile/);
  t.regex(tight.note ?? '', /in 1 of them no profile is told apart/);
  t.like(cases[0], { id: 'fit-48-1', value: null, why: 'fit: no profile fits' });
  t.like(cases[2], { id: 'fit-96-1', value: 2, reference: { value: 10 } });
  t.regex(cases[2].note ?? '', /next next: killed/);
  t.like(rowsOf([at(48, { fit: { none: 'no' } })])[0], { value: null, met: false });
});

/** A program instead of `snug run`, in no group: it answers each line in its own way. */
async function streamTo(t: Parameters<typeof temporaryFolder>[0], script: string, texts: number, limitMs: number) {
  const folder = await temporaryFolder(t);
  const cli = join(folder, 'program.cjs');
  writeFileSync(cli, `process.stderr.write('ready\\n');\n${script}`);
  chmodSync(cli, 0o700);
  const noGroup = Object.assign(Object.create(ControlGroup.prototype), {
    inside: (launch: unknown) => launch,
    oomKills: () => 0,
    majorFaults: () => 0,
  });
  return stream({
    copy: { node: process.execPath, cli, forget: () => undefined },
    group: noGroup,
    bundle: 'bundle',
    profile: 'w1.00-p0.00-q8',
    cache: folder,
    texts: Array.from({ length: texts }, (_, i) => `text ${i}`),
    longTexts: ['a long text'],
    perSecond: 200,
    limitMs,
  });
}

const lines = (answer: string) =>
  `require('readline').createInterface({ input: process.stdin }).on('line', () => { ${answer} });`;

test('a program that answers in time serves', async (t) => {
  const { outcome, answered } = await streamTo(t, lines("console.log('{}')"), 20, 2000);
  t.deepEqual({ outcome, answered }, { outcome: 'served', answered: 21 });
});

test('one that answers late is late, and is not waited for to its end', async (t) => {
  const { outcome, answered } = await streamTo(t, lines(''), 400, 20);
  t.is(outcome, 'late');
  t.is(answered, 0);
});

test('one that ends is told as killed, with its last words', async (t) => {
  const { outcome, detail } = await streamTo(t, lines("console.error('out of memory'); process.exit(9)"), 40, 2000);
  t.is(outcome, 'killed');
  t.regex(detail, /out of memory/);
});
