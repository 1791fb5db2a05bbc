/** The programs that are compared, and how each is started. All run on one thread inside an operator. */
import { join } from 'node:path';
import type { Launch } from '../line-process.js';
import type { Prepared } from './prepare.js';

export const profiles = { int8: 'w1.00-p0.00-q8', fp32: 'w1.00-p0.00-q32', half: 'w0.50-p0.50-q8' } as const;
export type Precision = keyof typeof profiles;

export type SideId =
  | 'bare-int8'
  | 'bare-fp32'
  | 'run-int8'
  | 'run-fp32'
  | 'run-half'
  | 'agent-int8'
  | 'tjs-fp32'
  | 'tjs-q8'
  | 'tjs-fp32-external'
  | 'tjs-q8-external';

const names: Readonly<Record<SideId, string>> = {
  'bare-int8': 'bare loop int8',
  'bare-fp32': 'bare loop fp32',
  'run-int8': 'snug run int8',
  'run-fp32': 'snug run fp32',
  'run-half': `snug run ${profiles.half}`,
  'agent-int8': 'snug agent int8',
  'tjs-fp32': 'transformers.js fp32',
  'tjs-q8': 'transformers.js q8',
  'tjs-fp32-external': 'transformers.js fp32, external weights',
  'tjs-q8-external': 'transformers.js q8, external weights',
};

export function nameOf(side: SideId): string {
  return names[side];
}

/** How to start a side, or why it can't be. */
export type Start = Launch | { readonly why: string };

/** One text a line in, one answer a line out. */
export function serveLaunch(side: SideId, prepared: Prepared): Start {
  const standIn = prepared.standIns?.get(side);
  if (standIn) return standIn;
  if (side.startsWith('tjs')) return peerLaunch('serve', side, prepared);
  if (side.startsWith('bare')) return bareLaunch('serve', side, prepared);
  return runLaunch(side, prepared, []);
}

/** Batches of its own texts on request, as the head of bare-loop.ts says. */
export function batchLaunch(side: SideId, prepared: Prepared): Start {
  return side.startsWith('tjs') ? peerLaunch('batch', side, prepared) : bareLaunch('batch', side, prepared);
}

/** `snug run`; without `more` it reads stdin. */
export function runLaunch(side: SideId, prepared: Prepared, more: readonly string[]): Start {
  if ('why' in prepared.bundle) return prepared.bundle;
  const profile = profiles[precisionOf(side)];
  return {
    command: process.execPath,
    args: [prepared.cli, 'run', prepared.bundle.folder, '--profile', profile, '--json', ...more],
  };
}

function bareLaunch(mode: 'serve' | 'batch', side: SideId, prepared: Prepared): Start {
  if ('why' in prepared.bundle) return prepared.bundle;
  const program = join(prepared.packageRoot, 'dist', 'src', 'bench', 'pipeline', 'bare-loop.js');
  const profile = profiles[precisionOf(side)];
  return { command: process.execPath, args: [program, mode, prepared.bundle.folder, profile, prepared.textsFile] };
}

function peerLaunch(mode: 'serve' | 'batch', side: SideId, prepared: Prepared): Start {
  if ('why' in prepared.peer) return prepared.peer;
  const model = side.endsWith('-external') ? prepared.peer.external : prepared.peer.inline;
  const dtype = side.startsWith('tjs-q8') ? 'q8' : 'fp32';
  const options = [
    '--model',
    model,
    '--dtype',
    dtype,
    '--head',
    prepared.headFile,
    '--texts',
    prepared.textsFile,
    '--threads',
    '1',
  ];
  return { command: process.execPath, args: [prepared.peer.program, mode, ...options] };
}

function precisionOf(side: SideId): Precision {
  if (side.endsWith('half')) return 'half';
  return side.endsWith('fp32') ? 'fp32' : 'int8';
}
