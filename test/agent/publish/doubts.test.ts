/** What is set for publishing and hardly meant. */
import test from 'ava';
import { checkConfig } from '../../../agent/config/index.js';
import { doubtsOf, type PublishConfig } from '../../../agent/publish/index.js';
import { startAgent } from '../support/agent-rig.js';
import { freePort } from '../support/brokers.js';

const labels = ['balance', 'weather', 'none'];
const doubts = (config: Partial<PublishConfig>, known = labels) =>
  doubtsOf({ text: false, predictions: 'every', ...config }, known);

test('no doubt about what can be published', (t) => {
  t.deepEqual(doubts({}), []);
  t.deepEqual(doubts({ labels: ['balance'], exceptLabels: ['none'] }), []);
  t.deepEqual(doubts({ predictions: 'none', countsEveryS: 60 }), []);
  t.deepEqual(doubts({ predictions: 'none', reviewShare: 0.1 }), []);
});

test('nothing that would ever be published, and labels that there are not, with the nearest', (t) => {
  t.deepEqual(doubts({ predictions: 'none' }), [
    'predictions: none without countsEveryS publishes nothing of this source',
  ]);
  t.deepEqual(doubts({ labels: ['weather', 'ballance'], exceptLabels: ['xyz'] }), [
    "labels: the bundle has no label 'ballance'; did you mean 'balance'?",
    "exceptLabels: the bundle has no label 'xyz'; it has balance, weather, none",
  ]);
  const many = Array.from({ length: 150 }, (_, i) => `number ${i}`);
  t.regex(doubts({ labels: ['q'] }, many)[0], /it has number 0, .*, number 9, and 140 more$/);
});

test('an agent tells its doubts at the start, and where they are set while it runs', async (t) => {
  const sourceMore = '    publish: { labels: [wether] }';
  const { agent, log } = await startAgent(t, { port: await freePort(), sourceMore });
  const doubt = "warn sources.console.publish.labels: the bundle has no label 'wether'; did you mean 'weather'?";
  const told = () => log.filter((line) => line.includes('.publish.'));
  t.deepEqual(told(), [doubt]);
  const silent = checkConfig(
    'device: d\nbundle: b\nmqtt: { url: mqtt://h }\nsources: { console: { kind: stdin, publish: { predictions: none } } }',
    'snug.yaml',
  );
  await agent.apply(silent, ['sources.console.publish.predictions']);
  t.deepEqual(told().slice(1), [
    'warn sources.console.publish.predictions: none without countsEveryS publishes nothing of this source',
  ]);
});
