/** A systemd journal of the test's own: a namespace with its daemon, where this user may have one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';

const daemon = '/usr/lib/systemd/systemd-journald';

/** False, with a word in the log, where such a journal can't be had: the test says so and passes. */
export function hasJournal(t: ExecutionContext): boolean {
  const there = process.getuid?.() === 0 && existsSync(daemon) && spawnSync('logger', ['--version']).status === 0;
  if (!there) t.log('NOT TESTED: needs root, systemd-journald and logger');
  return there;
}

/** Starts the daemon; it and all that it wrote are gone after the test. `folder` is where its sockets are. */
export async function startJournal(t: ExecutionContext): Promise<{ namespace: string; folder: string }> {
  const namespace = `snug${process.pid}`;
  const child: ChildProcess = spawn(daemon, [namespace], { stdio: 'ignore' });
  const folder = `/run/systemd/journal.${namespace}`;
  t.teardown(async () => {
    child.kill();
    await once(child, 'exit');
    const machine = readFileSync('/etc/machine-id', 'utf8').trim();
    for (const each of [folder, `/var/log/journal/${machine}.${namespace}`, `/run/log/journal/${machine}.${namespace}`])
      rmSync(each, { recursive: true, force: true });
  });
  while (!existsSync(`${folder}/dev-log`)) await wait(20);
  return { namespace, folder };
}
