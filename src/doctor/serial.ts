/** Whether serial ports can be used: the native binding loads, ports are listed, and this user may open them. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { messageOf } from '../errors/index.js';
import { bad, type Check, good } from './check.js';

const PORTS_NAMED = 8;

export async function serialCheck(): Promise<Check> {
  let list: () => Promise<readonly { readonly path: string }[]>;
  try {
    const { SerialPort } = await import('serialport');
    list = () => SerialPort.list();
  } catch (error) {
    const remedy = 'Run npm ci again on this machine; serialport has a binding for every usual system.';
    return bad('serial ports', `serialport does not load: ${messageOf(error)}`, remedy);
  }
  let ports: readonly string[];
  try {
    ports = (await list()).map(({ path }) => path);
  } catch (error) {
    // Without udev (a container) ports can't be listed, but those whose path is known can be opened.
    return good('serial ports', `serialport loads; ports can't be listed: ${messageOf(error)}`);
  }
  if (ports.length === 0) return good('serial ports', 'serialport loads; there is no port');
  const closed = await portsClosedToUs(ports);
  const named = `${ports.slice(0, PORTS_NAMED).join(', ')}${ports.length > PORTS_NAMED ? ', …' : ''}`;
  if (closed.length === 0) return good('serial ports', named);
  const remedy = `Add the user to the group that owns it: sudo usermod -aG dialout ${process.env.USER ?? '$USER'}; then log in anew.`;
  return bad('serial ports', `${named}; this user may not open ${closed.slice(0, PORTS_NAMED).join(', ')}`, remedy);
}

async function portsClosedToUs(ports: readonly string[]): Promise<string[]> {
  const closed: string[] = [];
  for (const port of ports)
    await access(port, constants.R_OK | constants.W_OK).catch(() => {
      closed.push(port);
    });
  return closed;
}
