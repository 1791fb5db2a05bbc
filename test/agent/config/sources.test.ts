/** What the configuration says of sources: every kind, and errors that name the place. */
import test from 'ava';
import { checkConfig, shownConfig } from '../../../agent/config/index.js';
import { SnugError } from '../../../src/errors/index.js';
import { everyKind } from '../support/configurations.js';

const withSources = (sources: string) => `device: pump-07
bundle: ./bundle
mqtt: { url: mqtt://127.0.0.1:1883 }
sources:
${sources}
`;

function problems(sources: string): string[] {
  try {
    checkConfig(withSources(sources), 'snug.yaml');
  } catch (error) {
    if (error instanceof SnugError) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

test('every kind, with what its text goes through', (t) => {
  const config = checkConfig(everyKind, '/etc/snug/snug.yaml');
  t.is(Object.keys(config.sources).length, 11);
  t.like(config.sources.unix, { path: '/etc/snug/in.sock' });
  t.like(config.sources.tcp, { framing: { delimiter: '\0' } });
  t.deepEqual(config.sources.exec.kind === 'exec' && config.sources.exec.command, ['tail', '-F', '/x']);
  t.false(JSON.stringify(shownConfig(config)).includes('secret'));
});

test('what makes no sense is named with its place', (t) => {
  t.deepEqual(
    problems(`  a: { kind: tcp }
  b: { kind: udp, listen: "1", queue: { policy: block } }
  c: { kind: follow, path: x, include: ["("] }
  d: { kind: follow, path: x, framing: { by: length } }
  e: { kind: mqtt, topic: x, username: u }
  f: { kind: follow, path: x, join: { maxLines: 3 } }
  g: { kind: http, listen: nowhere }
  h: { kind: exec, command: "rm -rf" }
  i: { kind: follow, path: x, encoding: utf8 }
`).map((line) => line.replace(/^snug\.yaml:(\d+):\d+ /, '$1 ')),
    [
      '5 sources.a.listen: give either listen or connect',
      '6 sources.b.queue.policy: block makes a source wait, which this one can’t; take drop-oldest, drop-newest or sample',
      '7 sources.c.include.0: is no pattern: missing closing ): `(`',
      '8 sources.d.framing.prefixBytes: is missing',
      '9 sources.e.username: needs url, the other broker that it is for',
      '10 sources.f.join.start: give either start or continuation',
      '11 sources.g.listen: must be host:port, or a port alone for loopback',
      '12 sources.h.command: must be a list, not "rm -rf"',
      '13 sources.i.encoding: must be one of utf-8, latin-1, utf-16le, utf-16be, not "utf8"; did you mean \'utf-8\'?',
    ],
  );
});

test('structured data of syslog is named wherever a field is', (t) => {
  const source = (field: string) =>
    `  a: { kind: syslog, listen: "5140", pick: { ids: { x: '${field}' } }, include: [{ field: '${field}', pattern: x }] }`;
  for (const field of ['sd.origin.ip', 'sd.exampleSDID@32473.eventID', 'sd.a.b.c-d'])
    t.deepEqual(problems(source(field)), [], field);
  for (const field of ['sd.origin', 'sd..ip', 'sd.a b.c', 'sa.origin.ip'])
    t.deepEqual(
      problems(source(field)).map((line) => line.replace(/^\S+ /, '')),
      ['pick.ids.x', 'include.0.field'].map(
        (key) => `sources.a.${key}: must be a JSON pointer like /message, a name, or sd.ID.NAME of syslog`,
      ),
    );
});

test('a port alone needs no quotes', (t) => {
  const yaml = withSources('  a: { kind: udp, listen: 42001 }\n  b: { kind: tcp, connect: 4001 }');
  const { sources, health } = checkConfig(`${yaml}health: { listen: 9464 }\n`, 'snug.yaml');
  t.like(sources, { a: { listen: '42001' }, b: { connect: '4001' } });
  t.is(health.listen, '127.0.0.1:9464');
  t.deepEqual(
    problems('  a: { kind: udp, listen: 0 }\n  b: { kind: udp, listen: 70000 }\n  c: { kind: udp, listen: [1] }'),
    [
      'snug.yaml:5:27 sources.a.listen: must be at least 1, not 0',
      'snug.yaml:6:27 sources.b.listen: must be at most 65535, not 70000',
      'snug.yaml:7:19 sources.c.listen: must be text or a number, not [1]',
    ],
  );
});

test('two that would listen at one address are named, however it is written', (t) => {
  const told = (sources: string) => problems(sources).map((line) => line.replace(/^\S+ /, ''));
  const pairs = [
    ['tcp, listen: 42001', 'http, listen: 127.0.0.1:42001'],
    ['tcp, listen: localhost:42001', 'syslog, listen: 42001'],
    ['udp, listen: 0.0.0.0:514', 'syslog, listen: 192.0.2.7:514, protocol: udp'],
    ['udp, listen: "[::1]:514"', 'udp, listen: "[0:0::1]:514"'],
    ['tcp, listen: "[::]:514"', 'tcp, listen: 0.0.0.0:514'],
  ];
  for (const [a, b] of pairs)
    t.deepEqual(
      told(`  a.x: { kind: ${a} }\n  b.x: { kind: ${b} }`),
      ['sources.b.x.listen: sources.a.x listens there already; take another port'],
      `${a}; ${b}`,
    );
  t.deepEqual(told('  a: { kind: unix, path: ./in.sock }\n  b: { kind: unix, path: in.sock }'), [
    'sources.b.path: sources.a listens there already; take another path',
  ]);
  t.deepEqual(told('  a: { kind: tcp, listen: 9464 }\nhealth: { listen: "[::1]:9464" }'), []);
  t.deepEqual(told('  a: { kind: tcp, listen: 9464 }\nhealth: { listen: 9464 }'), [
    'sources.a.listen: health listens there already; take another port',
  ]);
});

test('a port may be had over TCP and over UDP, of two addresses, and connected to by many', (t) => {
  const sources = [
    'tcp, listen: 42001',
    'udp, listen: 42001',
    'tcp, listen: 192.0.2.7:42001',
    'tcp, connect: 42001',
    'tcp, connect: 42001',
  ].map((each, index) => `  s${index}: { kind: ${each} }`);
  t.deepEqual(problems(sources.join('\n')), []);
});

test('a topic filter that no broker takes is refused with the reason', (t) => {
  const told = (topic: string) =>
    problems(`  a: { kind: mqtt, topic: ${JSON.stringify(topic)} }`).map((line) => line.replace(/^\S+ /, ''));
  for (const topic of ['#', '+', 'a', '/a/', 'a/+/b/#', '+/+', '$share/group/a/+']) t.deepEqual(told(topic), [], topic);
  t.deepEqual(told('a/#/b'), [
    "sources.a.topic: has levels behind '#', which stands for all that are below; end it there",
  ]);
  t.deepEqual(told('a/b#'), ["sources.a.topic: has 'b#' as a level; '+' and '#' stand for whole levels"]);
  t.deepEqual(told('a+/b'), ["sources.a.topic: has 'a+' as a level; '+' and '#' stand for whole levels"]);
  t.deepEqual(told('a\0'), ['sources.a.topic: holds a zero byte']);
});
