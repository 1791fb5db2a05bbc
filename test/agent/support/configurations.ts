/** Configurations that are valid, as tests of the agent and of the schema for editors need them. */

export const smallest = `device: pump-07
bundle: ./pump-bundle
mqtt:
  url: mqtt://127.0.0.1:1883
sources:
  console:
    kind: follow
    path: ../stream.log
`;

/** As the contract writes it. */
export const contractExample = `device: pump-07
bundle: ./pump-bundle
profile: auto            # or one by name
mqtt: { url: mqtt://127.0.0.1:1883 }
sources:
  console: { kind: serial, path: /dev/ttyUSB0, baudRate: 115200 }
  syslog: { kind: follow, path: /var/log/syslog, publish: { text: true }, queue: { size: 1000, policy: drop-oldest } }
limits: { maxLatencyMs: 20, memoryShare: 0.5, cpuShare: 0.8 }
telemetry: { intervalMs: 10000 }
stateDir: /var/lib/snug
`;

/** A source of nearly every kind, with what its text goes through. */
export const everyKind = `device: pump-07
bundle: ./bundle
mqtt: { url: mqtt://127.0.0.1:1883 }
sources:
  serial: { kind: serial, path: /dev/ttyUSB0, framing: { by: silence, silenceMs: 50 }, encoding: latin-1 }
  follow: { kind: follow, path: app.log, join: { continuation: '^\\s' }, window: 3 }
  tcp: { kind: tcp, listen: "5000", framing: { by: delimiter, delimiter: "\\0" } }
  client: { kind: tcp, connect: "10.0.0.7:4001" }
  udp: { kind: udp, listen: "[::1]:514", sample: 0.1 }
  syslog: { kind: syslog, listen: 0.0.0.0:514, protocol: tcp, queue: { policy: block }, pick: { ids: { from: sd.origin.ip } } }
  unix: { kind: unix, path: in.sock }
  http: { kind: http, listen: 8080, token: secret, pick: { text: /message, ids: { request: /id } } }
  topic: { kind: mqtt, topic: sensors/#, include: [pump, { field: topic, pattern: ^a }] }
  exec: { kind: exec, command: [tail, -F, /x] }
  journal: { kind: journal, units: [pump.service] }
`;
