/** Where a source listens or connects: `host:port`, `[::1]:port`, or a port alone, which means loopback. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Undefined where it is no address. */
export function parseAddress(text: string): Address | undefined {
  const [, v6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]:|([^\s:[\]/]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535) return undefined;
  return { host: v6 ?? name ?? '127.0.0.1', port };
}

/** An address that was checked when the configuration was read. */
export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new RangeError(`${text} is no address`);
  return address;
}
