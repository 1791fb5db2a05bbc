/** Reports on disk. */
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openBundle } from '../../src/bundle/index.js';
import { reportHtml, writeReport } from '../../src/report/index.js';
import { bundleOf } from '../bundle/support.js';
import { temporaryFolder } from '../checkpoint/support.js';
import { sampleReport } from './support.js';

test('the page, and beside it the data that it is made of; written again, both are replaced', async (t) => {
  const folder = await temporaryFolder(t);
  await writeReport(folder, sampleReport({ profiles: [] }));
  const data = sampleReport();
  await writeReport(folder, data);
  t.deepEqual(readdirSync(folder).sort(), ['report.html', 'report.json']);
  const read = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  t.deepEqual(read, JSON.parse(JSON.stringify(data)));
  t.is(await readFile(join(folder, 'report.html'), 'utf8'), reportHtml(read));
});

test('a bundle with its report is whole', async (t) => {
  const bundle = await bundleOf(t);
  await writeReport(bundle, sampleReport());
  await t.notThrowsAsync(openBundle(bundle));
});

test('a folder that is not there, and one in the way: told with the file, nothing left behind', async (t) => {
  const folder = await temporaryFolder(t);
  const missing = writeReport(join(folder, 'no'), sampleReport());
  await t.throwsAsync(missing, { code: 'REPORT_WRITE', message: /no.report\.json/ });
  await mkdir(join(folder, 'report.html'));
  await writeFile(join(folder, 'report.html', 'mine'), '');
  await t.throwsAsync(writeReport(folder, sampleReport()), { code: 'REPORT_WRITE', message: /report\.html/ });
  t.deepEqual(readdirSync(folder).sort(), ['report.html', 'report.json']);
});
