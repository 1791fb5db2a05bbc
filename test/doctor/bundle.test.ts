/** `snug doctor BUNDLE` from outside, on the demo bundle and on damaged copies of it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Check } from '../../src/doctor/index.js';

const demoBundle = resolve('examples/clinc150/bundle');
const cache = mkdtempSync(join(tmpdir(), 'snug-test-cache-'));
test.after.always(() => rmSync(cache, { recursive: true, force: true }));

function doctor(...args: string[]): { code: number | null; checks: Check[]; err: string } {
  const command = ['--import=tsx', resolve('src/cli/main.ts'), 'doctor', ...args, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    env: { ...process.env, SNUG_CACHE: cache },
  });
  return { code: status, checks: JSON.parse(stdout).checks, err: stderr };
}

function copyOfBundle(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'snug-test-doctor-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(demoBundle, folder, { recursive: true });
  return folder;
}

/** Changes golden.jsonl and makes the manifest agree, as if the bundle had been built elsewhere with other answers. */
function rewriteGolden(folder: string, change: (text: string) => string): void {
  const golden = change(readFileSync(join(folder, 'golden.jsonl'), 'utf8'));
  writeFileSync(join(folder, 'golden.jsonl'), golden);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  manifest.files['golden.jsonl'] = { bytes: Buffer.byteLength(golden), sha256: sha256(golden) };
  const text = JSON.stringify(manifest);
  writeFileSync(join(folder, 'manifest.json'), text);
  writeFileSync(join(folder, 'manifest.sha256'), `${sha256(text)}\n`);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('the demo bundle is intact, and the profiles that speak for it answer as where it was built', (t) => {
  const { checks, err } = doctor(demoBundle);
  const ofBundle = checks.filter(({ name }) => /bundle|answers/.test(name));
  t.deepEqual(
    ofBundle.map(({ name }) => name),
    [
      'bundle',
      'answers of w1.00-p0.00-q32',
      'answers of w1.00-p0.00-q8',
      'answers of w1.00-p0.00-q4',
      'answers of w0.25-p0.75-q4',
    ],
  );
  for (const { ok, detail, remedy } of ofBundle) {
    t.true(ok, detail);
    t.is(remedy, null);
  }
  t.is(err, '');
});

test('the exit code is 1 where a check is not ok, and every such check has a remedy', (t) => {
  const folder = copyOfBundle(t);
  truncateSync(join(folder, 'master.safetensors'), 1000);
  const { code, checks } = doctor(folder);
  t.is(code, 1);
  const check = checks.at(-1);
  t.like(check, { name: 'bundle', ok: false });
  t.regex(check?.detail ?? '', /master\.safetensors/);
  t.truthy(check?.remedy);
});

test('a byte changed within the weights is found', (t) => {
  const folder = copyOfBundle(t);
  const path = join(folder, 'master.safetensors');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1000] ^= 1;
  writeFileSync(path, bytes);
  const { code, checks } = doctor(folder);
  t.is(code, 1);
  t.regex(checks.at(-1)?.detail ?? '', /master\.safetensors: its bytes are not those/);
});

test('another answer than the golden one is told with both', (t) => {
  const folder = copyOfBundle(t);
  rewriteGolden(folder, (text) => text.replaceAll('"label":"translate"', '"label":"weather"'));
  const { code, checks } = doctor(folder);
  t.is(code, 1);
  for (const { ok, detail } of checks.slice(-4, -1)) {
    t.false(ok);
    t.regex(detail, /1 of 16 differ, the first .*: translate 0\.\d+ instead of weather/);
  }
});

test('a native crash is a finding: the other checks are made all the same', (t) => {
  const folder = copyOfBundle(t);
  const crash = resolve('test/doctor/support/crash.mjs');
  const command = ['--import=tsx', resolve('src/cli/main.ts'), 'doctor', folder, '--json'];
  const { status, stdout } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    env: { ...process.env, SNUG_CACHE: cache, NODE_OPTIONS: `--import=${pathToFileURL(crash)}` },
  });
  t.is(status, 1);
  const checks: Check[] = JSON.parse(stdout).checks;
  t.like(
    checks.find(({ name }) => name === 'onnxruntime'),
    { ok: false },
  );
  t.regex(checks.at(-1)?.detail ?? '', /was ended by SIGSEGV/);
  t.like(
    checks.find(({ name }) => name === 'bundle'),
    { ok: true },
  );
});
