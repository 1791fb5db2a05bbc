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
  ];
  for (const [spec, message] of cases) await t.throwsAsync(parseSources([spec]), { code: 'USAGE', message }, spec);
  await t.throwsAsync(parseSources(['stdin', 'stdin']), { code: 'USAGE', message: /twice/ });
});
