/** Sources of text: one file a kind, all behind the interface in source.ts. */
import { hostname } from 'node:os';
import { endsWithByte } from '../framing/index.js';
import { ExecSource } from './exec.js';
import { FileSource } from './file.js';
import { FollowSource } from './follow.js';
import { HttpSource } from './http.js';
import { JournalSource } from './journal.js';
import { MqttSource } from './mqtt.js';
import { mqttSourceOptions, type Surroundings } from './mqtt-access.js';
import type { SourceOptions } from './options.js';
import { SerialSource } from './serial.js';
import type { Source } from './source.js';
import { StdinSource } from './stdin.js';
import { SyslogSource } from './syslog.js';
import { TcpClient, TcpListener } from './tcp.js';
import { UdpSource } from './udp.js';
import { UnixSource } from './unix.js';

export type { Surroundings } from './mqtt-access.js';
export type { SourceKind, SourceOptions } from './options.js';
export type { Source, SourceSink } from './source.js';

/** Makes a source of options that were checked by `sourceOptions` (options.ts); it opens nothing before `start`. */
export function createSource(name: string, options: SourceOptions, surroundings?: Surroundings): Source {
  switch (options.kind) {
    case 'stdin':
      return new StdinSource(name);
    case 'file':
      return new FileSource(name, options.path, { wholeLines: endsWithByte(options) });
    case 'follow':
      return new FollowSource(name, options.path, { wholeLines: endsWithByte(options) });
    case 'serial':
      return new SerialSource(name, options);
    case 'tcp':
      if (options.connect !== undefined) return new TcpClient(name, options.connect);
      return new TcpListener(name, options.listen ?? '', options.maxConnections);
    case 'udp':
      return new UdpSource(name, options.listen);
    case 'syslog':
      return new SyslogSource(name, options.listen, options.protocol, options.maxConnections);
    case 'unix':
      return new UnixSource(name, options.path, options.maxConnections);
    case 'http':
      return new HttpSource(name, options);
    case 'mqtt':
      return new MqttSource(name, mqttSourceOptions(name, options, surroundings ?? { device: `snug-${hostname()}` }));
    case 'exec':
      return new ExecSource(name, options);
    case 'journal':
      return new JournalSource(name, options);
  }
}
