import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { identify, parseCard } from '../../src/checkpoint/identity.js';
import { temporaryFolder } from './support.js';

test('a model card gives name and licence', async (t) => {
  const card = '---\r\nlicense: Apache-2.0\r\ntags: [a]\r\n---\r\n\r\ntext\r\n# all-MiniLM-L6-v2\r\n## More\r\n';
  t.deepEqual(await parseCard(card), { name: 'all-MiniLM-L6-v2', licence: 'apache-2.0' });
  t.is((await parseCard('---\nlicense: other\nlicense_name: our-own\n---\n')).licence, 'our-own');
  t.is((await parseCard('---\nlicense: [mit, apache-2.0]\n---\n')).licence, 'mit, apache-2.0');
});

test('a card that is damaged, empty or hostile says nothing and does no harm', async (t) => {
  const bomb = `---\na: &a [x,x]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]\nlicense: mit\n---\n`;
  for (const card of [
    '',
    '---\n',
    '---\nlicense: [\n---\n',
    '---\n- list\n---\n',
    '---\nlicense: 3\n---\n',
    bomb,
    '# A long title',
  ])
    t.deepEqual(await parseCard(card), { name: undefined, licence: undefined }, card);
});

test('without a card: the licence file, the name in config.json unless it is a path, the folder', async (t) => {
  const folder = await temporaryFolder(t);
  const licenceOf = async (text: string) => {
    await writeFile(join(folder, 'LICENSE'), text);
    return (await identify(folder, [], undefined)).licence;
  };
  t.is(await licenceOf('   Apache License\n   Version 2.0, January 2004\n'), 'apache-2.0');
  t.is(await licenceOf('MIT License\n\nCopyright'), 'mit');
  t.is(await licenceOf('Our own terms\nmore'), 'Our own terms');
  await rm(join(folder, 'LICENSE'));
  t.is((await identify(folder, [], undefined)).licence, null);
  t.is((await identify(folder, [], 'owner/model')).name, 'owner/model');
  for (const path of ['/home/x/model', './model', 'a/b/c', ''])
    t.true(folder.endsWith((await identify(folder, [], path)).name));
});
