/** Names of compression profiles. */
import test from 'ava';
import { bitWidths, formatProfile, nearestProfiles, parseProfile } from '../../src/bundle/index.js';

test('every profile is read as it was written', (t) => {
  for (const width of [1, 0.75, 0.5, 0.25])
    for (const prune of [0, 0.25, 0.5, 0.75])
      for (const bits of bitWidths) {
        const name = formatProfile({ width, prune, bits });
        t.deepEqual(parseProfile(name), { width, prune, bits }, name);
        t.is(formatProfile(parseProfile(name)), name);
      }
});

for (const name of [
  '',
  'full',
  'auto',
  'w1.00-p0.00',
  'w1.00-p0.00-q7',
  'w1.00-p0.00-q08',
  'w1.00-p0.00-q32 ',
  'W1.00-p0.00-q8',
  'w1-p0-q8',
  'w0.00-p0.00-q8',
  'w1.50-p0.00-q8',
  'w1.00-p1.00-q8',
  'w-1.00-p0.00-q8',
  '../w1.00-p0.00-q8',
])
  test(`'${name}' is refused, with the form that is right`, (t) => {
    const error = t.throws(() => parseProfile(name), { code: 'PROFILE_NAME' });
    t.regex(error.message, /such as w1\.00-p0\.00-q8/);
  });

test('the nearest come first, by width, prune and bits', (t) => {
  const held = ['w1.00-p0.00-q32', 'w1.00-p0.00-q8', 'w0.50-p0.50-q8', 'w0.25-p0.75-q8'];
  t.deepEqual(nearestProfiles(parseProfile('w0.50-p0.25-q8'), held), [
    'w0.50-p0.50-q8',
    'w1.00-p0.00-q8',
    'w0.25-p0.75-q8',
  ]);
  t.deepEqual(nearestProfiles(parseProfile('w1.00-p0.00-q32'), held, 1), ['w1.00-p0.00-q32']);
  t.deepEqual(nearestProfiles(parseProfile('w1.00-p0.00-q32'), []), []);
});
