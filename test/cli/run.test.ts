/** `snug run` from outside, on the demo bundle: one process a test, with real pipes, files, a pseudo-terminal and signals. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';

const bundle = resolve('examples/clinc150/bundle');
const snug = ['--import=tsx', resolve('src/cli/main.ts')];

interface Line {
  readonly source: string;
  readonly seq: number;
  readonly text: string;
  readonly label: string;
  readonly score: number;
  readonly truncated?: true;
}

/** `snug run` on the demo bundle, with what it printed so far. */
class Running {
  readonly child: ChildProcessWithoutNullStreams;
  err = '';
  #out = '';

  constructor(t: ExecutionContext, args: readonly string[]) {
    this.child = spawn(process.execPath, [...snug, 'run', bundle, '--json', ...args]);
    this.child.stdout.on('data', (data) => {
      this.#out += data;
    });
    this.child.stderr.on('data', (data) => {
      this.err += data;
    });
    this.child.stdin.on('error', () => undefined);
    t.teardown(() => this.child.kill('SIGKILL'));
  }

  get lines(): Line[] {
    return this.#out
      .slice(0, this.#out.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  get texts(): string[] {
    return this.lines.map((line) => line.text);
  }

  async until(holds: () => boolean): Promise<void> {
    const ended = once(this.child, 'close').then(() => 'ended');
    while (!holds()) {
      const news = await Promise.race([once(this.child.stdout, 'data'), once(this.child.stderr, 'data'), ended]);
      if (news === 'ended' && !holds()) throw new Error(`ended too early: ${this.err}`);
    }
  }

  ready(): Promise<void> {
    return this.until(() => /^ready$/m.test(this.err));
  }

  untilText(text: string): Promise<void> {
    return this.until(() => this.texts.includes(text));
  }

  /** The exit code, once all output has come. */
  async end(): Promise<number | null> {
    if (!this.child.stdout.closed) await once(this.child, 'close');
    return this.child.exitCode;
  }
}

test('stdin: every line answered, in order, exit 0', async (t) => {
  const run = new Running(t, []);
  const texts = ['what is my balance', 'will it rain tomorrow', 'grüße 👋🏽', 'a\0b', 'balance '.repeat(1000).trim()];
  run.child.stdin.end(`${texts.join('\r\n')}\n\n   \nno newline`);
  t.is(await run.end(), 0, run.err);
  t.deepEqual(run.texts, [...texts, 'no newline']);
  t.true(
    run.lines.every((line, i) => line.seq === i + 1 && line.source === 'stdin' && line.score >= 0 && line.score <= 1),
  );
  t.true(run.lines[4].truncated);
  t.is(run.lines[0].label, 'balance');
});

test('several files at once: each in its own order, all of both', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'snug-run-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const texts = (word: string) => Array.from({ length: 40 }, (_, i) => `tell me about ${word} ${i}`);
  for (const word of ['cats', 'dogs']) writeFileSync(join(dir, word), texts(word).join('\n'));
  const run = new Running(t, [
    '--source',
    `file:${join(dir, 'cats')}`,
    '--source',
    `file:${join(dir, 'dogs')}`,
    '--batch',
    '8',
  ]);
  t.is(await run.end(), 0, run.err);
  for (const word of ['cats', 'dogs'])
    t.deepEqual(
      run.lines.filter((line) => line.source === word).map((line) => line.text),
      texts(word),
    );
});

test('a followed file over rotation; Ctrl-C ends it with exit 0', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'snug-run-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const log = join(dir, 'app.log');
  writeFileSync(log, 'from before\n');
  const run = new Running(t, ['--source', `follow:${log}`]);
  await run.ready();
  appendFileSync(log, 'first\n');
  await run.untilText('first');
  renameSync(log, `${log}.1`);
  appendFileSync(`${log}.1`, 'late\n');
  writeFileSync(log, 'second\n');
  await run.until(() => run.texts.includes('late') && run.texts.includes('second'));
  run.child.kill('SIGINT');
  t.is(await run.end(), 0, run.err);
  t.deepEqual(run.texts.toSorted(), ['first', 'late', 'second']);
});

test('a signal with stdin still open: what was read is answered', async (t) => {
  const run = new Running(t, []);
  await run.ready();
  run.child.stdin.write('one\ntwo\nthree');
  await run.untilText('two');
  run.child.kill('SIGTERM');
  t.is(await run.end(), 0, run.err);
  t.deepEqual(run.texts, ['one', 'two', 'three']);
});

test('a reader that leaves ends it quietly, though the input never ends', async (t) => {
  const command = `set -o pipefail; yes 'what is my balance' | "$@" | head -3`;
  const child = spawn('bash', ['-c', command, '-', process.execPath, ...snug, 'run', bundle, '--json']);
  t.teardown(() => child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  await once(child, 'close');
  t.is(out.trim().split('\n').length, 3);
  // The choice in one line, and nothing of the reader that left.
  t.regex(err, /^snug: \S+-q\d+: [^\n]+\nready\n$/);
});

test('a serial port that is not there yet is waited for, and said', async (t) => {
  if (spawnSync('socat', ['-V']).status !== 0) {
    t.log('socat is not installed: not tested here');
    return t.pass();
  }
  const dir = mkdtempSync(join(tmpdir(), 'snug-run-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const [near, far] = [join(dir, 'near'), join(dir, 'far')];
  const run = new Running(t, ['--source', `serial:${near}?baudRate=9600`]);
  await run.ready();
  t.regex(run.err, /near: .*waiting/);
  const wire = spawn('socat', [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`], { stdio: 'ignore' });
  t.teardown(() => wire.kill('SIGKILL'));
  await run.until(() => /near: here again/.test(run.err));
  appendFileSync(far, 'what is my balance\r\n');
  await run.untilText('what is my balance');
  run.child.kill('SIGINT');
  t.is(await run.end(), 0, run.err);
});

test('wrong use exits with 2, a source that can never be read with 1, without a stack trace', async (t) => {
  const cases: [string[], number, RegExp][] = [
    [['--batch', '0'], 2, /--batch/],
    [['--threads', 'many'], 2, /--threads/],
    [['--source', 'folow:/x'], 2, /did you mean follow/],
    [['--source', 'serial:/dev/x?baudrate=1'], 2, /did you mean baudRate/],
    [['--source', 'file:/no/such/file'], 1, /no such file/],
  ];
  await Promise.all(
    cases.map(async ([args, code, message]) => {
      const run = new Running(t, args);
      t.is(await run.end(), code, args.join(' '));
      t.regex(run.err, message);
      t.notRegex(run.err, /^\s+at /m);
    }),
  );
});
