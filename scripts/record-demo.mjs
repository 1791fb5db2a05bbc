#!/usr/bin/env node
// Records `npm start` in a real terminal and draws what it showed:
//   npm run build && node scripts/record-demo.mjs [SECONDS]     → docs/demo.svg
// Needs `script` (util-linux). The picture plays in a loop; where nothing moves it shows the last moment.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COLUMNS = 118;
const CELL = { width: 7.8, height: 18 };
const PAUSE_SECONDS = 3;
const ESCAPE = String.fromCharCode(27);
/** Control sequences, carriage returns, newlines, and the text between them. */
const PARTS = new RegExp(`${ESCAPE}\\[[0-9;?]*[A-Za-z]|\r|\n|[^${ESCAPE}\r\n]+`, 'g');
const root = fileURLToPath(new URL('..', import.meta.url));
const seconds = Number(process.argv[2] ?? 12);

/** The screen as a list of lines: enough of a terminal for carriage return, newline and "clear to the end of the line". */
class Screen {
  lines = ['$ npm start', ''];
  column = 0;

  write(text) {
    for (const part of text.match(PARTS) ?? []) {
      const last = this.lines.length - 1;
      if (part === '\r') this.column = 0;
      else if (part === '\n') this.lines.push('');
      else if (part === `${ESCAPE}[K`) this.lines[last] = this.lines[last].slice(0, this.column);
      else if (!part.startsWith(ESCAPE)) {
        this.lines[last] = (this.lines[last].slice(0, this.column) + part).slice(0, COLUMNS);
        this.column += part.length;
      }
    }
  }
}

/** What stood in which row from when to when, in seconds. */
async function record() {
  const screen = new Screen();
  const shown = [{ row: 0, text: '$ npm start', from: 0, to: seconds }];
  const terminal = spawn('script', ['-qfec', `stty cols ${COLUMNS} rows 24; npm start`, '/dev/null'], {
    cwd: root,
    env: { ...process.env, TERM: 'xterm', npm_config_loglevel: 'error' },
  });
  const started = performance.now();
  const current = new Map();
  terminal.stdout.setEncoding('utf8').on('data', (text) => {
    const at = (performance.now() - started) / 1000;
    if (at > seconds) return;
    screen.write(text);
    for (const [row, line] of screen.lines.entries()) {
      const before = current.get(row);
      if (row === 0 || before?.text === line) continue;
      if (before) before.to = at;
      const next = { row, text: line, from: at, to: seconds };
      current.set(row, next);
      shown.push(next);
    }
  });
  setTimeout(() => terminal.stdin.write('\x03'), seconds * 1000);
  const [code] = await once(terminal, 'close');
  process.stderr.write(`npm start ended with code ${code}\n`);
  return { shown: shown.filter(({ text, from, to }) => text !== '' && to - from > 0.01), rows: screen.lines.length };
}

function draw({ shown, rows }) {
  const width = Math.ceil(COLUMNS * CELL.width) + 32;
  const height = rows * CELL.height + 32;
  const total = seconds + PAUSE_SECONDS;
  const texts = shown.map(({ row, text, from, to }) => {
    const last = to >= seconds;
    const show = (value, begin, end) =>
      end > begin
        ? `<set attributeName="visibility" to="${value}" begin="loop.begin+${begin.toFixed(2)}s" dur="${(end - begin).toFixed(2)}s"/>`
        : '';
    // What is there at the end is hidden until it came; what is gone by then is shown while it was there.
    const timing = last ? show('hidden', 0, from) : show('visible', from, to);
    const hidden = last ? '' : ' visibility="hidden"';
    return `<text x="16" y="${16 + (row + 0.75) * CELL.height}"${hidden}>${escaped(text)}${timing}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A terminal in which npm start runs">
<rect width="100%" height="100%" rx="8" fill="#14181f"><animate id="loop" attributeName="opacity" from="1" to="1" begin="0s;loop.end" dur="${total}s"/></rect>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="#d7dde6" style="white-space:pre" xml:space="preserve">
${texts.join('\n')}
</g>
</svg>
`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

writeFileSync(join(root, 'docs', 'demo.svg'), draw(await record()));
