/** The field picked, filters, sampling, context. */
import test from 'ava';
import { Refiner, type TextRules } from '../../../agent/text/index.js';

function refine(rules: TextRules, ...texts: readonly string[]) {
  const refiner = new Refiner(rules);
  return texts.map((text) =>
    refiner.refine({ text, cut: false, replaced: 0, fields: { topic: 'a/b', 'sd.x@1.ip': '::1' } }),
  );
}

const textsOf = (rules: TextRules, ...texts: readonly string[]) =>
  refine(rules, ...texts).map((each) => (typeof each === 'string' ? `<${each}>` : each.text));

test('without rules a record is what came', (t) => {
  t.deepEqual(textsOf({}, 'as it is'), ['as it is']);
});

test('a JSON pointer picks the text, numbers and names with slashes too', (t) => {
  t.deepEqual(textsOf({ pick: { text: '/a~1b/0/m~0n' } }, '{"a/b":[{"m~n":"hello"}]}'), ['hello']);
  t.deepEqual(textsOf({ pick: { text: '/n' } }, '{"n":20.5}', '{"n":true}', '{"n":null}', '{"n":{}}'), [
    '20.5',
    'true',
    '<unreadable>',
    '<unreadable>',
  ]);
});

test('what is no JSON, or has no such field, is left out, or kept where that is asked for', (t) => {
  const texts = ['no json', '{"other":1}', '[', '"text"', '{"__proto__":1}'];
  t.deepEqual(
    textsOf({ pick: { text: '/message' } }, ...texts),
    texts.map(() => '<unreadable>'),
  );
  t.deepEqual(textsOf({ pick: { text: '/message', otherwise: 'keep' } }, ...texts), texts);
  t.deepEqual(textsOf({ pick: { text: '/toString' } }, '{}'), ['<unreadable>']);
});

test('a pattern’s group called text is the text; others can be named', (t) => {
  const pattern = '^(?P<level>[A-Z]+) (?P<text>.*)$';
  t.deepEqual(textsOf({ pick: { pattern } }, 'WARN pump is hot', 'what?'), ['pump is hot', '<unreadable>']);
  t.deepEqual(textsOf({ pick: { pattern, text: 'level' } }, 'WARN pump is hot'), ['WARN']);
});

test('identifiers are kept by the name that is given them; a missing one is left out, a long one cut', (t) => {
  const rules = { pick: { text: '/m', ids: { request: '/id', topic: 'topic', from: 'sd.x@1.ip', gone: '/gone' } } };
  const [record] = refine(rules, JSON.stringify({ m: 'hello', id: 'x'.repeat(1000) }));
  t.deepEqual(typeof record === 'string' ? record : record.ids, {
    request: 'x'.repeat(256),
    topic: 'a/b',
    from: '::1',
  });
});

test('filters look at the text, or at a field', (t) => {
  t.deepEqual(textsOf({ include: ['pump', 'valve'], exclude: ['test'] }, 'pump on', 'a test pump', 'fan'), [
    'pump on',
    '<filtered>',
    '<filtered>',
  ]);
  const json = (level: string) => JSON.stringify({ level, m: 'hello' });
  const rules: TextRules = { pick: { text: '/m' }, include: [{ field: '/level', pattern: '^(warn|error)$' }] };
  t.deepEqual(textsOf(rules, json('warn'), json('info')), ['hello', '<filtered>']);
  t.deepEqual(textsOf({ exclude: [{ field: 'topic', pattern: '^a/' }] }, 'anything'), ['<filtered>']);
});

test('a window puts the last records behind the newest, in bounded memory', (t) => {
  t.deepEqual(textsOf({ window: 3 }, 'one', 'two', 'three', 'four'), [
    'one',
    'two\none',
    'three\ntwo\none',
    'four\nthree\ntwo',
  ]);
  const long = textsOf({ window: 64 }, ...Array.from({ length: 100 }, () => 'y'.repeat(100_000)));
  t.true(long.every((each) => each.length <= 100_000));
});

test('what is filtered is no context', (t) => {
  t.deepEqual(textsOf({ window: 2, exclude: ['noise'] }, 'one', 'noise', 'two').at(-1), 'two\none');
});
