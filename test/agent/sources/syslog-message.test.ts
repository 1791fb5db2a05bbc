/** Syslog messages taken apart: the standards' own examples, what devices make of them, and noise. */
import test from 'ava';
import fc from 'fast-check';
import { parseSyslog } from '../../../agent/sources/syslog-message.js';
import { seedsOf } from '../support/seeds.js';

test('RFC 5424, 6.5: its examples', (t) => {
  t.deepEqual(
    parseSyslog("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick"),
    {
      text: "'su root' failed for lonvick",
      fields: {
        facility: 'auth',
        severity: 'crit',
        sentAt: '2003-10-11T22:14:15.003Z',
        host: 'mymachine.example.com',
        app: 'su',
        msgid: 'ID47',
      },
    },
  );
  t.is(
    parseSyslog('<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It’s time.').fields.pid,
    '8710',
  );
  const data =
    '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"][examplePriority@32473 class="high"]';
  const head = '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 ';
  const { text, fields } = parseSyslog(`${head}${data} An application event log entry...`);
  t.is(text, 'An application event log entry...');
  t.is(fields['sd.exampleSDID@32473.eventSource'], 'Application');
  t.is(fields['sd.examplePriority@32473.class'], 'high');
  t.is(parseSyslog(`${head}${data}`).text, '');
});

test('RFC 5424, 6.3.3: quotes, backslashes and brackets in a value', (t) => {
  const { text, fields } = parseSyslog('<1>1 - - - - - [a b="x \\"y\\" \\\\ \\] z"] done');
  t.is(fields['sd.a.b'], 'x "y" \\ ] z');
  t.is(text, 'done');
});

test('RFC 3164, 5.4: its examples', (t) => {
  t.deepEqual(parseSyslog("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8"), {
    text: "'su root' failed for lonvick on /dev/pts/8",
    fields: { facility: 'auth', severity: 'crit', sentAt: 'Oct 11 22:14:15', host: 'mymachine', app: 'su' },
  });
  t.deepEqual(parseSyslog('Use the BFG!'), { text: 'Use the BFG!', fields: {} });
  t.is(parseSyslog('<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!').text, '10.0.0.99 Use the BFG!');
});

test('what devices send', (t) => {
  t.deepEqual(parseSyslog('<13>app[42]: without a time'), {
    text: 'without a time',
    fields: { facility: 'user', severity: 'notice', app: 'app', pid: '42' },
  });
  t.is(parseSyslog('<13>2026-01-11T22:14:15+01:00 pump app: ISO time').fields.host, 'pump');
  t.is(parseSyslog('<999>no priority').text, '<999>no priority');
  t.is(parseSyslog('<13>1 but no header').text, '1 but no header');
  t.is(parseSyslog('<13>1 - - - - - [broken').text, '1 - - - - - [broken');
});

test('noise is text, whatever it is, and takes no time', (t) => {
  const part = fc.oneof(
    fc.constantFrom(
      '<34>',
      '1 ',
      '- ',
      '[',
      ']',
      'a="',
      '"',
      '\\',
      ' ',
      ': ',
      'app[',
      'Oct 11 22:14:15 ',
      '2026-01-11T00:00:00Z ',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const property = fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
    const line = parts.join('');
    const { text } = parseSyslog(line);
    t.true(line.replaceAll('\ufeff', '').endsWith(text.replaceAll('\ufeff', '')));
  });
  for (const seed of seedsOf('syslog noise')) fc.assert(property, { numRuns: 500, ...seed });
  for (const long of ['<1>1 - - - - - [a b="', '<1>1 - - - - - [a', '<1>app[', '<1>1 ', '<1>Oct 11 22:14:15 '])
    t.truthy(parseSyslog(long + '\\" ['.repeat(100_000)).text);
});
