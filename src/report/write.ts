/** Writes a report beside what it reports on: the room's only effect. */
import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SnugError, systemCodeOf } from '../errors/index.js';
import type { ReportData } from './data.js';
import { reportHtml } from './page.js';

/**
 * Writes report.html and report.json (the data itself) into a folder that exists, each whole or not at all. Until they are whole they
 * too are called `report.…`, which a bundle suffers beside its own files.
 * @throws REPORT_WRITE, DISK_FULL
 */
export async function writeReport(folder: string, data: ReportData): Promise<void> {
  await writeWhole(join(folder, 'report.json'), `${JSON.stringify(data, null, 2)}\n`);
  await writeWhole(join(folder, 'report.html'), reportHtml(data));
}

async function writeWhole(path: string, text: string): Promise<void> {
  const working = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(working, text, { flush: true });
    await rename(working, path);
  } catch (error) {
    const code = systemCodeOf(error) === 'ENOSPC' ? 'DISK_FULL' : 'REPORT_WRITE';
    throw new SnugError(code, `${path}: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(working, { force: true });
  }
}
