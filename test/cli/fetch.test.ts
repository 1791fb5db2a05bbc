import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ProgressLine } from '../../src/cli/progress-line.js';
import { filesOf, startHub } from '../checkpoint/hub/server.js';
import { temporaryFolder } from '../checkpoint/support.js';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs `snug fetch` with nothing of this process's hub settings. */
async function snugFetch(args: readonly string[], environment: Record<string, string>) {
  const { HF_ENDPOINT: _, HF_TOKEN: __, ...rest } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'fetch', ...args], {
    env: { ...rest, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const [code] = await once(child, 'close');
  return { code, ...said };
}

test('fetch --json prints what came, a line a file goes to stderr, and a second run keeps it', async (t) => {
  const hub = await startHub(t, { files: await filesOf('bert-mean'), token: 'hf_secret' });
  const folder = join(await temporaryFolder(t), 'tiny');
  const environment = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: 'hf_secret' };
  const { code, out, err } = await snugFetch(['owner/tiny', '-o', folder, '--json'], environment);
  t.is(code, 0, err);
  t.like(JSON.parse(out), { repository: 'owner/tiny', revision: 'main', folder });
  t.regex(err, /^model\.safetensors {2}0\.\d+ MB$/m);
  for (const never of ['\r', '\u001b', 'hf_secret']) t.false(err.includes(never));
  const again = await snugFetch(['owner/tiny', '-o', folder], environment);
  t.is(again.out, `${folder}\n`);
  t.regex(again.err, /^model\.safetensors .*already there/m);
});

test('failures are a few lines, and wrong use exits 2', async (t) => {
  const hub = await startHub(t, { files: new Map() });
  const folder = join(await temporaryFolder(t), 'tiny');
  const empty = await snugFetch(['owner/tiny', '-o', folder], { HF_ENDPOINT: hub.endpoint });
  t.is(empty.code, 1);
  t.regex(empty.err, /^snug: owner\/tiny: has no model\.safetensors\n {2}what to do: .*safetensors/);
  t.is((await snugFetch(['nonsense'], {})).code, 2);
  t.is((await snugFetch([], {})).code, 2);
});

test('on a terminal one line is drawn again and again, never wider than the screen, and taken away at the end', (t) => {
  let written = '';
  let nowMs = 0;
  const stream = {
    isTTY: true,
    columns: 64,
    write: (text: unknown) => {
      written += String(text);
      return true;
    },
  };
  const line = new ProgressLine(stream, () => nowMs);
  for (let step = 0; step <= 10; step++, nowMs += 60) line.update('model.safetensors', step * 1e7, 1e8);
  const drawn = written.split('\r\u001b[K').slice(1);
  t.is(drawn.length, 6, 'at most every 100 ms');
  t.true(
    drawn.every((text) => text.length < 64),
    drawn.join('\n'),
  );
  t.regex(drawn[3], /^model\.safetensors {2}\[=+ +\] {2}60\.0 of 100\.0 MB/);
  line.finish('model.safetensors  100.0 MB');
  t.true(written.endsWith('\r\u001b[Kmodel.safetensors  100.0 MB\n'));
});
