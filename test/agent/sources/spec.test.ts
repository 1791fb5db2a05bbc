/** Sources as words of the command line. */
import test from 'ava';
import { parseSources } from '../../../agent/sources/spec.js';

test('every kind, named after what it reads', async (t) => {
  t.deepEqual(await parseSources([]), [{ name: 'stdin', options: { kind: 'stdin' } }]);
  t.deepEqual(
    await parseSources([
      'stdin',
      'file:/data/a.txt',
      'follow:/var/log/a.txt',
      'serial:/dev/ttyUSB0?baudRate=9600&rtscts=true',
    ]),
    [
      { name: 'stdin', options: { kind: 'stdin' } },
      { name: 'a.txt', options: { kind: 'file', path: '/data/a.txt' } },
      { name: 'a.txt-2', options: { kind: 'follow', path: '/var/log/a.txt' } },
      { name: 'ttyUSB0', options: { kind: 'serial', path: '/dev/ttyUSB0', baudRate: 9600, rtscts: true } },
    ],
  );
});

test('what listens, subscribes or runs', async (t) => {
  const specs = [
    'tcp:5000',
    'tcp:?connect=10.0.0.7:4001',
    'tcp:?listen=5001',
    'udp:[::1]:514',
    'syslog:0.0.0.0:5140?protocol=tcp',
    'unix:/run/x.sock',
  ];
  const more = [
    'http:8080',
    'mqtt:a/+/b?url=mqtt://127.0.0.1:1883',
    'exec:tail -F /x | grep y',
    'journal',
    'journal:a.service,b',
  ];
  t.deepEqual(
    (await parseSources([...specs, ...more])).map(({ name, options }) => [name, options]),
    [
      ['tcp', { kind: 'tcp', listen: '5000' }],
      ['tcp-2', { kind: 'tcp', connect: '10.0.0.7:4001' }],
      ['tcp-3', { kind: 'tcp', listen: '5001' }],
      ['udp', { kind: 'udp', listen: '[::1]:514' }],
      ['syslog', { kind: 'syslog', listen: '0.0.0.0:5140', protocol: 'tcp' }],
      ['x.sock', { kind: 'unix', path: '/run/x.sock' }],
      ['http', { kind: 'http', listen: '8080' }],
      ['mqtt', { kind: 'mqtt', topic: 'a/+/b', url: 'mqtt://127.0.0.1:1883' }],
      ['exec', { kind: 'exec', command: ['/bin/sh', '-c', 'tail -F /x | grep y'] }],
      ['journal', { kind: 'journal' }],
      ['journal-2', { kind: 'journal', units: ['a.service', 'b'] }],
    ],
  );
});

test('options of a section stand behind a dot; lists grow', async (t) => {
  const query = 'framing.by=silence&framing.silenceMs=50&pick.ids.a=/x&pick.ids.b=/y&include=one&include=2&sample=0.5';
  const [{ options }] = await parseSources([`serial:/dev/x?${query}`]);
  t.deepEqual(options, {
    kind: 'serial',
    path: '/dev/x',
    framing: { by: 'silence', silenceMs: 50 },
    pick: { ids: { a: '/x', b: '/y' } },
    include: ['one', '2'],
    sample: 0.5,
  });
});

test('a path may hold colons, question marks and spaces', async (t) => {
  const [{ options }] = await parseSources(['file:/a b/what?:no']);
  t.deepEqual(options, { kind: 'file', path: '/a b/what?:no' });
});

test('wrong words are refused, with the nearest right one', async (t) => {
  const cases: [string, RegExp][] = [
    ['serial:/dev/x?baudrate=9600', /unknown option 'baudrate'; did you mean baudRate\?/],
    ['serial:/dev/x?zzz=1', /unknown option 'zzz'; known: baudRate, /],
    ['serial:/dev/x?baudRate=fast', /baudRate: /],
    ['serial:/dev/x?dataBits=9', /dataBits: /],
    ['folow:/x', /unknown kind of source 'folow'; did you mean follow\?/],
    ['file:', /path: /],
    ['stdin:x', /path|unknown/],
    ['', /unknown kind/],
    ['tcp:', /listen: give either listen or connect/],
    ['udp:', /listen: is missing \(Where it listens.*; for example 127\.0\.0\.1:5140$/],
    ['tcp:?listen=70000', /listen: must be at most 65535, not 70000$/],
    ['tcp:5000?maxConnections=many', /maxConnections: must be a number, not "many"$/],
    ['udp:localhost', /listen: must be host:port/],
    ['udp:1.2.3.4:99999', /listen: must be host:port/],
    ['file:/x?framing.by=length', /framing\.prefixBytes: is missing/],
    ['file:/x?framing.by=line&framing.delimiter=x', /framing\.delimiter: means nothing by line/],
    ['file:/x?framing.by=pattern&framing.start=(', /framing\.start: is no pattern/],
    ['file:/x?include=(', /include\.0: /],
    ['exec:', /command: /],
  ];
  for (const [spec, message] of cases) await t.throwsAsync(parseSources([spec]), { code: 'USAGE', message }, spec);
  await t.throwsAsync(parseSources(['stdin', 'stdin']), { code: 'USAGE', message: /twice/ });
  await t.throwsAsync(parseSources(['tcp:5000', 'udp:5000', 'http:127.0.0.1:5000']), {
    code: 'USAGE',
    message: '--source http:127.0.0.1:5000: --source tcp:5000 listens there already',
  });
});
