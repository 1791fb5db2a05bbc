import { access, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { present, refused, scene, weights } from './scene.js';
import { filesOf, listening, sha256 } from './server.js';

test('no access is said with what to do, and the token is in no message', async (t) => {
  const { fetch } = await scene(t, { token: 'hf_secret' });
  const without = await refused(t, fetch(), 'HUB_ACCESS');
  t.regex(without.message, /owner\/tiny: .*HF_TOKEN is unset\) \(401\)/);
  t.regex(without.remedy, /HF_TOKEN/);
  const wrong = await refused(t, fetch({ token: 'hf_wrong' }), 'HUB_ACCESS');
  t.notRegex(`${wrong.message}${wrong.remedy}${wrong.stack}${wrong.cause}`, /hf_wrong/);
  const elsewhere = await refused(t, fetch({ token: 'hf_secret', repository: 'owner/other' }), 'HUB_NOT_FOUND');
  t.regex(elsewhere.message, /owner\/other: not found/);
});

test('a hub that is not there is named', async (t) => {
  const { fetch } = await scene(t);
  const gone = await refused(t, fetch({ endpoint: 'http://127.0.0.1:1' }), 'HUB_UNREACHABLE');
  t.regex(gone.message, /http:\/\/127\.0\.0\.1:1\/api\/models\/owner\/tiny.*(ECONNREFUSED|bad port).*tried 5 times/);
  await refused(t, fetch({ endpoint: 'ftp://hub' }), 'USAGE');
});

test('redirects without end, or to what is no web address, are not followed', async (t) => {
  for (const [location, message] of [
    ['/again', /more than 5 redirects/],
    ['file:///etc/passwd', /redirects to file:/],
    ['http://[', /no URL/],
  ] as const) {
    const endpoint = await listening(t, (_, response) => void response.writeHead(302, { location }).end());
    const { fetch } = await scene(t);
    t.regex((await refused(t, fetch({ endpoint }), 'HUB_UNREACHABLE')).message, message);
  }
});

for (const path of [
  '../evil',
  'a/../../evil',
  '/etc/evil',
  'a\\..\\evil',
  'C:evil',
  'a//b',
  './a',
  'a\0b',
  'a\u001b[2Jb',
  '',
])
  test(`a hub that lists ${JSON.stringify(path)} is not believed`, async (t) => {
    const { folder, fetch } = await scene(t, {
      listing: (listing) => ({
        ...listing,
        siblings: [{ rfilename: 'config.json' }, { rfilename: weights }, { rfilename: path }],
      }),
    });
    const { message } = await refused(t, fetch(), 'HUB_LISTING');
    t.false(message.includes('\u001b') || message.includes('\0'));
    t.deepEqual(await present(folder), []);
  });

test('a listing that is none is refused', async (t) => {
  for (const siblings of [undefined, 3, [3], [{ rfilename: 7 }], [null]]) {
    const { fetch } = await scene(t, { listing: (listing) => ({ ...listing, siblings }) });
    await refused(t, fetch(), 'HUB_LISTING');
  }
  const endpoint = await listening(t, (_, response) => void response.end('<html>'));
  const { fetch } = await scene(t);
  t.regex((await refused(t, fetch({ endpoint }), 'HUB_LISTING')).message, /did not answer with JSON/);
});

test('a repository without safetensors is refused before anything is fetched', async (t) => {
  const files = await filesOf('bert-mean');
  files.delete(weights);
  const { folder, fetch } = await scene(t, { files });
  t.regex(
    (await refused(t, fetch(), 'CHECKPOINT_WEIGHTS_FORMAT')).message,
    /owner\/tiny: has no model\.safetensors, only pytorch_model\.bin/,
  );
  t.deepEqual(await present(folder), []);
});

test('a model that Snug does not run is refused before its weights are fetched', async (t) => {
  const files = await filesOf('bert-mean');
  files.set('config.json', Buffer.from('{"model_type": "mamba"}'));
  const { hub, fetch } = await scene(t, { files });
  t.regex((await refused(t, fetch(), 'CHECKPOINT_UNSUPPORTED')).message, /mamba/);
  t.deepEqual(hub.asked(weights), []);
});

test('a full disk is named, with the way to go on', async (t) => {
  const { files, folder, fetch } = await scene(t);
  const isThere = await access('/dev/full').then(
    () => true,
    () => false,
  );
  if (!isThere) {
    t.log('this system has no /dev/full: nothing tried');
    return t.pass();
  }
  await mkdir(folder);
  const hex = sha256(files.get(weights) ?? Buffer.alloc(0));
  await symlink('/dev/full', join(folder, `${weights}.${hex.slice(0, 12)}.part`));
  const error = await refused(t, fetch(), 'DISK_FULL');
  t.regex(error.message, /model\.safetensors: no space left/);
  t.regex(error.remedy, /continues/);
});

test('a folder that cannot be written to is named', async (t) => {
  const { folder, fetch } = await scene(t);
  await writeFile(folder, 'a file where the folder should be');
  t.regex((await refused(t, fetch(), 'HUB_WRITE')).message, /tiny/);
});

test('names that are no repository or revision are wrong use', async (t) => {
  const { hub, fetch } = await scene(t);
  for (const repository of ['tiny', 'a/b/c', '../x', 'owner/..', './x', 'o/ n', 'http://x/y', ''])
    await refused(t, fetch({ repository }), 'USAGE');
  for (const revision of ['', '../main', 'a b', 'a//b']) await refused(t, fetch({ revision }), 'USAGE');
  t.is(hub.requests.length, 0);
});
