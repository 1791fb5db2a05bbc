/** Where sources listen, so that two at one address are found before the second one tries for ever. */
import { isIPv4, isIPv6 } from 'node:net';
import { normalize } from 'node:path';
import { parseAddress } from './address.js';
import type { SourceOptions } from './options.js';

/** Who listens where. */
export interface Listener {
  /** As an error names it. */
  readonly by: string;
  /** The key that says where. */
  readonly key: 'listen' | 'path';
  /** A source of syslog listens at two places, most do at none. */
  readonly at: readonly Place[];
}

interface Place {
  readonly over: 'tcp' | 'udp' | 'unix';
  /** Every address has one spelling; of a Unix socket it is the path. */
  readonly host: string;
  readonly port: number;
}

export function listenerOf(by: string, options: SourceOptions): Listener {
  if (options.kind === 'unix') return { by, key: 'path', at: placesOf(options.path, []) };
  const listen = 'listen' in options ? (options.listen ?? '') : '';
  if (options.kind === 'udp') return { by, key: 'listen', at: placesOf(listen, ['udp']) };
  const { protocol = 'both' } = options.kind === 'syslog' ? options : { protocol: 'tcp' as const };
  return { by, key: 'listen', at: placesOf(listen, protocol === 'both' ? ['udp', 'tcp'] : [protocol]) };
}

/** A Unix socket where it is no address; nowhere where it is empty. */
export function placesOf(listen: string, protocols: readonly ('tcp' | 'udp')[]): Place[] {
  if (listen === '') return [];
  const address = protocols.length === 0 ? undefined : parseAddress(listen);
  if (address === undefined) return [{ over: 'unix', host: normalize(listen), port: 0 }];
  return protocols.map((over) => ({ over, host: plainHost(address.host), port: address.port }));
}

/** Those that listen where another one before them does. */
export function collisions<Named extends Listener>(listeners: readonly Named[]): { of: Named; first: Named }[] {
  return listeners.flatMap((of, index) => {
    const first = listeners.slice(0, index).find(({ at }) => at.some((a) => of.at.some((b) => collide(a, b))));
    return first === undefined ? [] : [{ of, first }];
  });
}

/** The system lets nobody have a port of one address beside somebody who has it of all. */
function collide(a: Place, b: Place): boolean {
  if (a.over !== b.over || a.port !== b.port) return false;
  if (a.host === b.host) return true;
  if (a.over === 'unix') return false;
  const hosts = [a.host, b.host];
  return hosts.includes('::') || (hosts.includes('0.0.0.0') && !hosts.some((host) => isIPv6(host)));
}

function plainHost(host: string): string {
  if (host.toLowerCase() === 'localhost') return '127.0.0.1';
  if (isIPv4(host) || !isIPv6(host)) return host.toLowerCase();
  return new URL(`http://[${host}]`).hostname.slice(1, -1);
}
