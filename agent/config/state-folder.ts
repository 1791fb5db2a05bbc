import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where agents keep their state unless the configuration says otherwise: `$XDG_STATE_HOME/snug`, else `~/.local/state/snug`. */
export function defaultStateFolder(): string {
  const state = process.env.XDG_STATE_HOME;
  return join(state?.startsWith('/') ? state : join(homedir(), '.local', 'state'), 'snug');
}
