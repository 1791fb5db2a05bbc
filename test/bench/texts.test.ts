import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { exampleTexts } from '../../src/bench/texts.js';

test("without development data the texts are those of the example's stream, without labels, each once", async (t) => {
  const texts = await exampleTexts(fileURLToPath(new URL('../../examples', import.meta.url)));
  t.true(texts.length > 5000);
  t.is(new Set(texts).size, texts.length);
  t.is(texts[0], 'how would you say fly in italian');
  t.false(texts.some((text) => text.includes('\t')));
  await t.throwsAsync(exampleTexts(tmpdir()), { code: 'BENCH_DATA' });
});
