/** The log: styles, secrets, a bound on its rate, and its newest lines. */
import test from 'ava';
import { LogBook, type LogStyle } from '../../agent/log.js';

function bookOf(style: LogStyle) {
  const written: string[] = [];
  let nowMs = 0;
  const book = new LogBook({ level: 'info', style, write: (text) => written.push(text), nowMs: () => nowMs });
  return { book, written, pass: (ms: number) => (nowMs += ms) };
}

test('each style: for a person, for the journal, for machines', (t) => {
  const said = (style: LogStyle) => {
    const { book, written } = bookOf(style);
    book.log.warn({ source: 'a' }, 'it is\nlost');
    return written[0];
  };
  t.regex(said('person'), /^\d\d:\d\d:\d\d warn it is\nlost \{"source":"a"\}\n$/);
  t.is(said('journal'), '<4>it is lost {"source":"a"}\n');
  const { level, msg, source } = JSON.parse(said('json'));
  t.deepEqual([level, msg, source], [40, 'it is\nlost', 'a']);
});

test('a secret is never written, wherever it stands', (t) => {
  const { book, written } = bookOf('json');
  book.hide('ge"heim\\1');
  book.hide('');
  book.log.info({ url: 'mqtt://u:ge"heim\\1@b' }, 'refused: ge"heim\\1');
  t.false(written.join('').includes('heim'));
  t.is(book.recent(1)[0].message, 'refused: ***');
});

test('a flood is cut off, and how much was left out is said', (t) => {
  const { book, written, pass } = bookOf('journal');
  for (let i = 0; i < 1000; i++) book.log.error(`line ${i}`);
  t.is(written.length, 200);
  pass(1000);
  book.log.info('after');
  t.deepEqual(written.slice(200), ['<4>800 lines were left out: too many at once\n', '<6>after\n']);
});

test('the newest lines can be looked at, filtered, and followed', (t) => {
  const { book } = bookOf('json');
  book.log.debug('too fine');
  for (let i = 0; i < 3; i++) book.log.info(`line ${i}`);
  book.log.warn('trouble');
  t.deepEqual(
    book.recent(2).map(({ message }) => message),
    ['line 2', 'trouble'],
  );
  t.deepEqual(
    book.recent(10, ({ level }) => level === 'warn').map(({ message }) => message),
    ['trouble'],
  );
  const heard: string[] = [];
  const end = book.follow(({ message }) => heard.push(message));
  book.log.info('one');
  end();
  book.log.info('two');
  t.deepEqual(heard, ['one']);
});
