/** onnxruntime reports nothing and leaves nothing behind. */
import { readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bundleOf } from '../bundle/support.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { ended, started } from '../cli/snug.js';

test('answering texts leaves no device identity in the home folder and nothing in the temporary one', async (t) => {
  const [home, temporary, cache] = [await temporaryFolder(t), await temporaryFolder(t), await temporaryFolder(t)];
  const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, ...env } = process.env;
  const child = started(
    t,
    ['run', await bundleOf(t), '--json'],
    { HOME: home, TMPDIR: temporary, SNUG_CACHE: cache },
    env,
  );
  child.stdin.end('turn off the lamp\n');
  const { code, out, err } = await ended(child);
  t.is(code, 0, err);
  t.is(JSON.parse(out).seq, 1);
  t.deepEqual(readdirSync(home, { recursive: true }), []);
  t.deepEqual(readdirSync(temporary), []);
});

test('onnxruntime is loaded through the room that silences it, and nowhere else', async (t) => {
  const wrong: string[] = [];
  for (const room of ['src', 'agent'])
    for (const name of await readdir(room, { recursive: true }))
      if (name.endsWith('.ts') && !join(room, name).startsWith(join('src', 'runtime')))
        if (/(from|import|require)\W+onnxruntime-node['"]/.test(await readFile(join(room, name), 'utf8')))
          wrong.push(join(room, name));
  t.deepEqual(wrong, []);
});
