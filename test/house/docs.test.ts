/** What the pages say is so. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import test from 'ava';
import { readConfig } from '../../agent/config/index.js';
import { pages } from '../../scripts/docs.js';
import { catalogue } from '../../src/errors/index.js';
import { filesBelow, root, textOf } from './tree.js';

const readme = textOf('README.md');
const manifest = JSON.parse(textOf('package.json'));

for (const [path, text] of Object.entries(pages()))
  test(`${path} is what npm run docs writes`, (t) => t.is(textOf(path), text));

test('every error of the catalogue is raised somewhere', (t) => {
  const code = [...filesBelow('src'), ...filesBelow('agent')]
    .filter((path) => path.endsWith('.ts') && !path.startsWith('src/errors/families/'))
    .map(textOf)
    .join('\n');
  const unraised = Object.keys(catalogue).filter((name) => !code.includes(`'${name}'`));
  t.deepEqual(unraised, []);
});

test('every link within the pages leads somewhere', (t) => {
  const markdown = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...filesBelow('docs').filter((p) => p.endsWith('.md')),
  ];
  const broken = markdown.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target)
      .filter((target) => !/^(https?:|#)/.test(target))
      .filter((target) => !existsSync(join(root, posix.join(dirname(page), target.split('#')[0]))))
      .map((target) => `${page}: ${target}`),
  );
  t.deepEqual(broken, []);
});

test('every file that the pages name in backquotes below our folders is there', (t) => {
  const markdown = ['README.md', 'CONTRIBUTING.md', ...filesBelow('docs').filter((path) => path.endsWith('.md'))];
  const missing = markdown.flatMap((page) =>
    [...textOf(page).matchAll(/`((?:src|agent|test|scripts|examples|docs|\.ci)\/[\w./-]+)`/g)]
      .map(([, path]) => path)
      .filter((path) => !existsSync(join(root, path)))
      .filter((path) => !/\/NAME\.ts$/.test(path))
      .map((path) => `${page}: ${path}`),
  );
  t.deepEqual(missing, []);
});

test('the README lists every command, and no other', (t) => {
  const help = execFileSync(process.execPath, ['--import=tsx', 'src/cli/main.ts', '--help'], {
    cwd: root,
    encoding: 'utf8',
  });
  const offered = [...help.split('Commands:')[1].matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name);
  const listed = [...readme.matchAll(/^\| `snug ([a-z]+)/gm)].map(([, name]) => name);
  t.deepEqual(listed.sort(), offered.filter((name) => name !== 'help').sort());
});

test('README and package.json agree on the two commands', (t) => {
  t.regex(readme, /npm ci && npm start/);
  t.regex(readme, /npm ci && npm test/);
  t.truthy(manifest.scripts.start && manifest.scripts.test);
  const [, least] = /^>=(.*)$/.exec(manifest.engines.node) ?? [];
  t.true(readme.includes(`Node ${least} or newer`));
});

test('every dependency is justified in CONTRIBUTING.md, and nothing else is', (t) => {
  const justified = [...textOf('CONTRIBUTING.md').matchAll(/^\| `(@?[a-z0-9/-]+)` \| \S/gm)].map(([, name]) => name);
  const wanted = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];
  t.deepEqual(justified.sort(), wanted.sort());
});

test('every dependency is used by the product', (t) => {
  const code = [...filesBelow('src'), ...filesBelow('agent')].filter((path) => path.endsWith('.ts')).map(textOf);
  const unused = Object.keys(manifest.dependencies).filter(
    (name) => !code.some((text) => new RegExp(`'${name}(/[^']*)?'`).test(text)),
  );
  t.deepEqual(unused, []);
});

test('the changelog has this version', (t) => {
  t.true(textOf('CHANGELOG.md').includes(`## ${manifest.version}`));
});

test('the example of an agent’s configuration is valid, with its TLS too', async (t) => {
  const config = await readConfig(join(root, 'examples/agent.yaml'));
  t.deepEqual(Object.keys(config.sources), ['console', 'syslog']);
  t.true(existsSync(join(config.bundle, 'manifest.json')), 'and its bundle is there');
  const folder = mkdtempSync(join(tmpdir(), 'snug-test-docs-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const secured = textOf('examples/agent.yaml')
    .replace('mqtt://127.0.0.1:1883', 'mqtts://127.0.0.1:8883')
    .replace(/^( *)# (\w+: \S.*)$/gm, '$1$2');
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, secured);
  const { mqtt, stateDir } = await readConfig(file);
  t.true(mqtt.ca?.endsWith('ca.crt') && mqtt.key?.endsWith('pump-07.key'));
  t.is(stateDir, '/var/lib/snug');
});

test('the README’s configuration is valid', async (t) => {
  const [, yaml] = /```yaml\n(.*?)```/s.exec(readme) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'snug-test-docs-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'snug.yaml'), yaml);
  t.is((await readConfig(join(folder, 'snug.yaml'))).device, 'pump-07');
});

test('the README’s use of the library runs', (t) => {
  const [, snippet] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', snippet], { cwd: root, encoding: 'utf8' });
  t.regex(said, /^balance 0\.\d\d\n384\n$/);
});
