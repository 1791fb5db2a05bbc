#!/usr/bin/env node
// Anonymous memory that a tokenizer leaves after loading and 1,000 texts, each in a process of its own; after npm run build:
//   node scripts/measure-tokenizer.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../examples/clinc150/', import.meta.url));
const file = `${folder}bundle/tokenizer.json`;
const anonymous = () => Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;

const makers = {
  '@huggingface/tokenizers': async () => {
    const { Tokenizer } = await import('@huggingface/tokenizers');
    return new Tokenizer(JSON.parse(readFileSync(file, 'utf8')), {});
  },
  'src/tokenizer': async () => (await import('../dist/src/tokenizer/index.js')).loadTokenizer(file),
};

const wanted = process.argv[2];
if (wanted === undefined)
  for (const name of Object.keys(makers)) execFileSync(process.execPath, [process.argv[1], name], { stdio: 'inherit' });
else {
  const texts = readFileSync(`${folder}stream.tsv`, 'utf8').split('\n').slice(0, 1000);
  const before = anonymous();
  const tokenizer = await makers[wanted]();
  for (const line of texts) tokenizer.encode(line.split('\t')[0]);
  process.stdout.write(`${wanted}: ${(anonymous() - before).toFixed(1)} MiB anonymous\n`);
}
