import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parts, present, refused, scene, weights } from './scene.js';
import { commit, cutAfter, filesOf, type HubSettings, sendContent, sha256 } from './server.js';

test('everything that a checkpoint needs comes, of one commit, and nothing else', async (t) => {
  const { hub, files, folder, fetch } = await scene(t);
  const fetched = await fetch();
  const needed = [
    '1_Pooling/config.json',
    'README.md',
    'config.json',
    weights,
    'modules.json',
    'sentence_bert_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ];
  t.deepEqual(await present(folder), needed.sort());
  for (const path of needed) t.deepEqual(await readFile(join(folder, path)), files.get(path), path);
  t.is(fetched.commit, commit);
  t.is(
    fetched.bytes,
    needed.reduce((sum, path) => sum + (files.get(path)?.length ?? 0), 0),
  );
  t.deepEqual(fetched.files.find(({ path }) => path === weights)?.checksum, {
    kind: 'sha256',
    hex: sha256(files.get(weights) ?? Buffer.alloc(0)),
  });
  t.is(fetched.files.find(({ path }) => path === 'config.json')?.checksum?.kind, 'git-sha1');
  t.is(
    hub
      .asked(weights)
      .map(({ host }) => host)
      .join(),
    'hub,store',
  );
});

test('a second run keeps what is right and fetches what is damaged', async (t) => {
  const { hub, files, folder, fetch } = await scene(t);
  await fetch();
  const before = hub.requests.length;
  t.true((await fetch()).files.every(({ kept }) => kept));
  t.is(hub.requests.length, before + 1, 'only the listing is asked for');
  await writeFile(join(folder, weights), 'damaged');
  await fetch();
  t.deepEqual(await readFile(join(folder, weights)), files.get(weights));
});

test('shards come as the index names them', async (t) => {
  const { folder, fetch } = await scene(t, { files: await filesOf('bert-cls-sharded') });
  await fetch();
  t.is((await present(folder)).filter((path) => path.endsWith('.safetensors')).length, 3);
});

test('an index that names a shard the repository lacks is refused', async (t) => {
  const files = await filesOf('bert-cls-sharded');
  files.delete('model-00002-of-00003.safetensors');
  const { fetch } = await scene(t, { files });
  t.regex((await refused(t, fetch(), 'HUB_NOT_FOUND')).message, /names model-00002-of-00003\.safetensors/);
});

test('a line that is cut again and again is continued where it ended', async (t) => {
  const { hub, files, folder, fetch, waits } = await scene(t, {
    misbehave: ({ path, content, nth, request, response }) => {
      if (path !== weights || nth > 9) return false;
      cutAfter(request, response, content, 10_000);
      return true;
    },
  });
  await fetch();
  t.deepEqual(await readFile(join(folder, weights)), files.get(weights));
  const starts = hub
    .asked(weights)
    .filter(({ host }) => host === 'store')
    .map(({ range }) => Number(range?.slice(6, -1) ?? 0));
  t.is(starts.length, 10);
  t.true(
    starts.slice(1).every((start, i) => start > starts[i]),
    starts.join(),
  );
  t.true(
    waits.every((ms) => ms === 375),
    'progress starts the pauses anew',
  );
});

test('a run that had to give up is continued by the next', async (t) => {
  const { hub, files, folder, fetch, waits } = await scene(t, {
    misbehave: ({ path, content, nth, request, response }) => {
      if (path !== weights || nth > 5) return false;
      if (nth === 1) cutAfter(request, response, content, 50_000);
      else response.writeHead(503).end();
      return true;
    },
  });
  t.regex(
    (await refused(t, fetch(), 'HUB_UNREACHABLE')).message,
    /model\.safetensors: .* answered 503 \(tried 5 times\)/,
  );
  t.deepEqual(waits, [375, 750, 1500, 3000]);
  t.is((await parts(folder)).length, 1);
  await fetch();
  t.is(hub.asked(weights).at(-1)?.range, 'bytes=50000-');
  t.deepEqual(await readFile(join(folder, weights)), files.get(weights));
  t.deepEqual(await parts(folder), []);
});

test('a part of another version is not continued but removed', async (t) => {
  const { hub, folder, fetch } = await scene(t);
  await mkdir(folder);
  await writeFile(join(folder, `${weights}.0123456789ab.part`), 'old');
  await writeFile(join(folder, 'my.notes.part'), 'mine');
  await fetch();
  t.deepEqual(await parts(folder), ['my.notes.part']);
  t.true(hub.asked(weights).every(({ range }) => range === undefined));
});

test('a server that ignores ranges is read from the start', async (t) => {
  const { hub, files, folder, fetch } = await scene(t, {
    misbehave: ({ path, content, nth, request, response }) => {
      if (path !== weights) return false;
      if (nth === 1) cutAfter(request, response, content, 30_000);
      else response.end(content);
      return true;
    },
  });
  await fetch();
  t.is(hub.asked(weights).at(-1)?.range, 'bytes=30000-');
  t.deepEqual(await readFile(join(folder, weights)), files.get(weights));
});

test('a server that ignores ranges and always cuts at the same place is given up', async (t) => {
  const { hub, fetch } = await scene(t, {
    misbehave: ({ path, content, request, response }) => {
      if (path !== weights) return false;
      delete request.headers.range;
      cutAfter(request, response, content, 30_000);
      return true;
    },
  });
  await refused(t, fetch(), 'HUB_UNREACHABLE');
  t.is(hub.asked(weights).filter(({ host }) => host === 'store').length, 5);
});

test('a range that starts elsewhere than asked for is not appended', async (t) => {
  const { files, folder, fetch } = await scene(t, {
    misbehave: ({ path, content, nth, request, response }) => {
      if (path !== weights || nth > 2) return false;
      if (nth === 1) cutAfter(request, response, content, 30_000);
      else
        response
          .writeHead(206, { 'content-range': `bytes 10-${content.length - 1}/${content.length}` })
          .end(content.subarray(10));
      return true;
    },
  });
  await fetch();
  t.deepEqual(await readFile(join(folder, weights)), files.get(weights));
});

for (const path of [weights, 'tokenizer.json']) {
  const wrongBytes =
    (times: number): HubSettings['misbehave'] =>
    (given) => {
      if (given.path !== path || given.nth > times) return false;
      const content = Buffer.from(given.content);
      content[content.length >> 1] ^= 1;
      sendContent(given.request, given.response, content, '"wrong"');
      return true;
    };

  test(`wrong bytes in ${path} are noticed and fetched once more`, async (t) => {
    const { files, folder, fetch } = await scene(t, { misbehave: wrongBytes(1) });
    await fetch();
    t.deepEqual(await readFile(join(folder, path)), files.get(path));
  });

  test(`wrong bytes in ${path} twice are refused, and none are left`, async (t) => {
    const { folder, fetch } = await scene(t, { misbehave: wrongBytes(9) });
    t.regex((await refused(t, fetch(), 'HUB_CHECKSUM')).message, new RegExp(`^${path} from 127\\.0\\.0\\.1`));
    t.false((await present(folder)).some((name) => name.startsWith(path)));
  });

  test(`without checksums in the listing those in the headers count: ${path}`, async (t) => {
    const { fetch } = await scene(t, { blobs: false, misbehave: wrongBytes(9) });
    if (path === weights) await refused(t, fetch(), 'HUB_CHECKSUM');
    else
      t.is(
        (await fetch()).files.find((file) => file.path === path)?.checksum,
        null,
        'an entity tag that is no checksum',
      );
  });
}

test('without checksums in the listing a good hub is still checked against its headers', async (t) => {
  const { fetch } = await scene(t, { blobs: false });
  t.deepEqual(new Set((await fetch()).files.map(({ checksum }) => checksum?.kind)), new Set(['git-sha1', 'sha256']));
});

test('more bytes than announced are refused', async (t) => {
  const { fetch } = await scene(t, {
    misbehave: ({ path, content, response }) => {
      if (path === weights) response.end(Buffer.concat([content, Buffer.alloc(5_000_000)]));
      return path === weights;
    },
  });
  t.regex((await refused(t, fetch(), 'HUB_CHECKSUM')).message, /model\.safetensors .* \d+ bytes came instead of \d+/);
});

test('a file that changes while it is fetched starts anew', async (t) => {
  const { hub, files, folder, fetch } = await scene(t, {
    blobs: false,
    redirect: false,
    misbehave: ({ path, content, nth, request, response }) => {
      if (path !== 'tokenizer.json' || nth > 1) return false;
      response.setHeader('etag', '"first"');
      cutAfter(request, response, Buffer.from(content).fill('x'), 1000);
      return true;
    },
  });
  await fetch();
  t.like(hub.asked('tokenizer.json').at(-1), { range: 'bytes=1000-', ifRange: '"first"' });
  t.deepEqual(await readFile(join(folder, 'tokenizer.json')), files.get('tokenizer.json'));
});

test('the token goes to the hub and to no other host', async (t) => {
  const { hub, fetch } = await scene(t, { token: 'hf_secret' });
  await fetch({ token: 'hf_secret' });
  for (const { host, authorization } of hub.requests)
    t.is(authorization, host === 'hub' ? 'Bearer hf_secret' : undefined);
  t.true(hub.requests.some(({ host }) => host === 'store'));
});

test('a busy hub is asked again when it says, and a gated one is not', async (t) => {
  let gated = false;
  const { hub, fetch, waits } = await scene(t, {
    misbehave: ({ path, nth, response }) => {
      if (path !== 'README.md' || (nth > 2 && !gated)) return false;
      response.writeHead(gated ? 403 : 429, { 'retry-after': '7' }).end();
      return true;
    },
  });
  await fetch();
  t.deepEqual(waits, [7000, 7000]);
  gated = true;
  hub.settings.files.set('README.md', Buffer.from('changed'));
  const asked = hub.asked('README.md').length;
  t.regex((await refused(t, fetch(), 'HUB_ACCESS')).message, /README\.md: .*\(403\)/);
  t.is(hub.asked('README.md').length, asked + 1);
});

test('a server that falls silent is left, and asked again', async (t) => {
  const { files, folder, fetch } = await scene(t, {
    misbehave: ({ path, content, nth, response }) => {
      if (path !== weights || nth > 1) return false;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 20_000));
      return true;
    },
  });
  await fetch({ stallMs: 300 });
  t.deepEqual(await readFile(join(folder, weights)), files.get(weights));
});

test('progress is told from start to end', async (t) => {
  const { files, fetch } = await scene(t);
  const size = files.get(weights)?.length;
  const seen: string[] = [];
  await fetch({
    onProgress: ({ path, bytes, totalBytes, state }) => {
      if (path === weights) seen.push(`${state} ${bytes} of ${totalBytes}`);
    },
  });
  t.is(seen[0], `running 0 of ${size}`);
  t.deepEqual(seen.slice(-2), [`running ${size} of ${size}`, `done ${size} of ${size}`]);
});
