/** docs/snug.schema.json, by which editors check a configuration: it takes what the agent takes, and refuses with it. */
import { Ajv } from 'ajv';
import test from 'ava';
import { parse, stringify } from 'yaml';
import { checkConfig } from '../../../agent/config/index.js';
import { textOf } from '../../house/tree.js';
import { recipes } from '../../recipes/support/recipe.js';
import { contractExample, everyKind, smallest } from '../support/configurations.js';

const schema = JSON.parse(textOf('docs/snug.schema.json'));
const editor = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(schema);

/** What an editor would mark, as `/path what`. */
function marked(value: unknown): string[] {
  editor(value);
  return (editor.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const agentTakes = (value: unknown) => {
  try {
    checkConfig(stringify(value), '/etc/snug/snug.yaml');
    return true;
  } catch {
    return false;
  }
};

const [, ofReadme] = /```yaml\n(.*?)```/s.exec(textOf('README.md')) ?? [];
const secured = textOf('examples/agent.yaml')
  .replace('mqtt://127', 'mqtts://127')
  .replace(/^( *)# (\w+: \S.*)$/gm, '$1$2');

const valid: readonly (readonly [what: string, yaml: string])[] = [
  ['the README’s', ofReadme],
  ['the example', textOf('examples/agent.yaml')],
  ['the example with TLS', secured],
  ['the smallest', smallest],
  ['the contract’s', contractExample],
  ['every kind of source', everyKind],
  ...[...recipes].map(([name, yaml]) => [`the recipe ${name}`, yaml] as const),
];

for (const [what, yaml] of valid)
  test(`${what} configuration is valid for editors and for the agent`, (t) => {
    const value = parse(yaml);
    t.deepEqual(marked(value), []);
    t.true(agentTakes(value));
  });

/** What replaces a part of the smallest configuration, and is wrong. */
const wrong: Readonly<Record<string, object>> = {
  'no device': { device: undefined },
  'a device that is no level of a topic': { device: 'a/b' },
  'a key nobody knows': { telemtry: {} },
  'a profile that is none': { profile: 'small' },
  'text for a number': { telemetry: { intervalMs: '10s' } },
  'a share above 1': { limits: { memoryShare: 50 } },
  'a part of a thread': { threads: 1.5 },
  'http for a broker': { mqtt: { url: 'http://127.0.0.1' } },
  'a password in the URL': { mqtt: { url: 'mqtt://u:secret@127.0.0.1' } },
  'a password without a user': { mqtt: { url: 'mqtt://h', password: 'x' } },
  'a password twice': { mqtt: { url: 'mqtt://h', username: 'u', password: 'x', passwordFile: 'y' } },
  'a certificate without its key': { mqtt: { url: 'mqtts://h', cert: 'x' } },
  'health for everybody': { health: { listen: '0.0.0.0:9464' } },
  'no source': { sources: {} },
  'a source’s name with a slash': { sources: { 'a/b': { kind: 'stdin' } } },
  'a kind that is none': { sources: { a: { kind: 'folow', path: 'x' } } },
  'a key of another kind': { sources: { a: { kind: 'follow', path: 'x', baudRate: 9600 } } },
  'nowhere to listen': { sources: { a: { kind: 'http', listen: 'nowhere' } } },
  'a port that is none': { sources: { a: { kind: 'udp', listen: 70_000 } } },
  'a health port that is none': { health: { listen: 0 } },
  'TCP that neither listens nor connects': { sources: { a: { kind: 'tcp' } } },
  'TCP that does both': { sources: { a: { kind: 'tcp', listen: '1', connect: 'h:1' } } },
  'UDP that waits': { sources: { a: { kind: 'udp', listen: '1', queue: { policy: 'block' } } } },
  'a program as one text': { sources: { a: { kind: 'exec', command: 'rm -rf' } } },
  'an unknown encoding': { sources: { a: { kind: 'stdin', encoding: 'utf8' } } },
  'framing by length without a length': { sources: { a: { kind: 'stdin', framing: { by: 'length' } } } },
  'framing by silence without a time': { sources: { a: { kind: 'stdin', framing: { by: 'silence' } } } },
  'framing by a pattern that is not there': { sources: { a: { kind: 'stdin', framing: { by: 'pattern' } } } },
  'a delimiter for lines': { sources: { a: { kind: 'stdin', framing: { by: 'line', delimiter: ';' } } } },
  'syslog over UDP that waits': { sources: { a: { kind: 'syslog', listen: '1', queue: { policy: 'block' } } } },
  'a user for the agent’s own broker': { sources: { a: { kind: 'mqtt', topic: 'x', username: 'u' } } },
  'a topic with levels behind #': { sources: { a: { kind: 'mqtt', topic: 'a/#/b' } } },
  'a topic with a part of a level left open': { sources: { a: { kind: 'mqtt', topic: 'a/b+' } } },
  'joining by nothing': { sources: { a: { kind: 'stdin', join: { maxLines: 3 } } } },
  'a filter on no field': { sources: { a: { kind: 'stdin', include: [{ field: 'a b', pattern: 'x' }] } } },
  'a list of labels that is none': { sources: { a: { kind: 'stdin', publish: { labels: 'fault' } } } },
};

for (const [what, change] of Object.entries(wrong))
  test(`refused by editors as by the agent: ${what}`, (t) => {
    const value = JSON.parse(JSON.stringify({ ...parse(smallest), ...change }));
    t.not(marked(value).length, 0);
    t.false(agentTakes(value));
  });

test('every key tells an editor what it is for, with an example that is valid', (t) => {
  let keys = 0;
  const look = (at: unknown, path: string): void => {
    if (typeof at !== 'object' || at === null) return;
    const { description, examples, ...own } = at as { description?: string; examples?: unknown[] };
    if (examples !== undefined) {
      keys++;
      t.true((description ?? '').length > 8, path);
      const check = new Ajv({ strict: false }).compile({ ...own, definitions: schema.definitions });
      for (const example of examples) t.true(check(example), `${path}: ${JSON.stringify(example)}`);
    }
    for (const [name, below] of Object.entries(own)) look(below, `${path}/${name}`);
  };
  look(schema, '');
  t.true(keys > 150, `${keys} keys`);
});
