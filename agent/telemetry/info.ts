/** What an agent says of itself once a connection. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Payloads } from '../../src/protocol/index.js';
import type { AgentConfig } from '../config/index.js';
import type { GovernorStatus } from '../governor/index.js';
import { readBoard } from './board.js';

/** The `info` message, as a function of what changes in it. Paths and addresses of sources are not in it. */
export async function agentInfo(
  config: AgentConfig,
  version: string,
): Promise<(ts: string, status: GovernorStatus) => Payloads['info']> {
  const standing = {
    agent: { version, node: process.version },
    board: { ...readBoard() },
    bundle: { name: basename(config.bundle), identity: await bundleIdentity(config.bundle) },
    sources: Object.entries(config.sources).map(([name, { kind }]) => ({ name, kind })),
  };
  return (ts, { profile, reason, wish, limits }) => ({
    v: 1,
    ts,
    ...standing,
    profile: { name: profile, reason, mode: wish === 'auto' ? 'auto' : 'pinned' },
    limits: { ...config.limits, ...limits },
  });
}

/** The hash of the manifest's bytes, as the bundle carries it. */
async function bundleIdentity(bundle: string): Promise<string | undefined> {
  const text = await readFile(join(bundle, 'manifest.sha256'), 'utf8').catch(() => '');
  return /^[0-9a-f]{64}/i.exec(text)?.[0];
}
