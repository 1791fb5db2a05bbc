import test from 'ava';
import { commandFilter, nameProblem, parseTopic, topics } from '../../src/protocol/index.js';

test('topics are built below snug/v1/<device> and taken apart again', (t) => {
  const of = topics('pump-07');
  t.is(of.status, 'snug/v1/pump-07/status');
  t.is(commandFilter('pump-07'), 'snug/v1/pump-07/cmd/+/+');
  t.deepEqual(parseTopic(of.status), { kind: 'status', device: 'pump-07' });
  t.deepEqual(parseTopic(of.result('console')), { kind: 'result', device: 'pump-07', source: 'console' });
  t.deepEqual(parseTopic(of.capability('ping')), { kind: 'capability', device: 'pump-07', operation: 'ping' });
  t.deepEqual(parseTopic(of.command('config.get', 'a1')), {
    kind: 'command',
    device: 'pump-07',
    operation: 'config.get',
    id: 'a1',
  });
});

test('topics of others are none of ours', (t) => {
  for (const topic of ['', 'snug', 'snug/v1', 'snug/v1/a', 'snug/v2/a/status', 'snug/v1/a/nonsense', 'snug/v1//status'])
    t.is(parseTopic(topic), undefined, topic);
  for (const topic of ['snug/v1/a/cmd/ping/', 'snug/v1/a/cmd/ping/x/y', `snug/v1/a/cmd/ping/${'x'.repeat(500)}`])
    t.is(parseTopic(topic), undefined, topic);
});

test('names that would break a topic or a folder are refused by name', (t) => {
  for (const name of ['', 'a/b', 'a+', '#', 'a\u0000b', 'a\nb', '..', ' a', 'x'.repeat(129), 'a\ud800'])
    t.truthy(nameProblem(name), JSON.stringify(name));
  for (const name of ['pump-07', 'Pumpe Süd', '水泵', 'a.b', '💧']) t.is(nameProblem(name), undefined, name);
});
