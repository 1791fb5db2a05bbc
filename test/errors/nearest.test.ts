/** "Did you mean …?" */
import test from 'ava';
import { nearestWord } from '../../src/errors/nearest.js';

const keys = ['path', 'baudRate', 'intervalMs', 'kind', 'parity'];

test('the nearest word, or none where nothing is near', (t) => {
  t.is(nearestWord('paht', keys), 'path');
  t.is(nearestWord('baudrate', keys), 'baudRate');
  t.is(nearestWord('interval', keys), 'intervalMs');
  t.is(nearestWord('knd', keys), 'kind');
  t.is(nearestWord('zzzz', keys), undefined);
  t.is(nearestWord('', []), undefined);
});
