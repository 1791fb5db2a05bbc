/** What a file in device-profiles/ says, each key declared once. Every figure names the entry of `sources` that it is from. */
import type { z as zod } from 'zod';
import { z } from '../../protocol/zod.js';
import { key } from '../../yaml/index.js';
import { DECISIVE } from '../processor.js';

const LEAST_RAM_BYTES = 64 * 1024 ** 2;

const text = () => z.string().min(1);
const bytes = () => z.int().min(LEAST_RAM_BYTES);
const boardName = () => z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be small letters, digits and single dashes');

const source = key(text(), { description: 'Which entry of sources the figures are from.', example: 'datasheet' });

const instructions = z.string().superRefine((set, context) => {
  const [architecture, ...flags] = set.split(' ');
  const wrong = flags.filter((flag) => !DECISIVE.includes(flag));
  if (architecture !== 'arm64' && architecture !== 'x64')
    context.addIssue({ code: 'custom', message: `must begin with arm64 or x64, not ${JSON.stringify(architecture)}` });
  if (wrong.length > 0)
    context.addIssue({ code: 'custom', message: `${wrong.join(', ')}: unknown; known are ${DECISIVE.join(', ')}` });
});

const size = z.strictObject({
  name: key(boardName(), { description: 'Name for --board.', example: 'raspberry-pi-5-4gb' }),
  nominalBytes: key(bytes(), { description: 'RAM on the board.', unit: 'bytes', example: 4294967296 }),
  source,
  usableBytes: key(bytes().optional(), {
    description: 'RAM as the kernel counts it: less than what is on the board.',
    unit: 'bytes',
    example: 4115660800,
  }),
  usableSource: key(text().optional(), { description: 'Which entry of sources says so.', example: 'bench' }),
  cores: key(z.int().min(1).max(1024).optional(), {
    description: 'Cores, where they differ from those of the other sizes.',
    example: 6,
  }),
});

export const boardSchema = z
  .strictObject({
    name: key(boardName(), { description: 'Name for --board, and of the file.', example: 'raspberry-pi-5' }),
    title: key(text(), { description: 'As people call it.', example: 'Raspberry Pi 5' }),
    sources: z.record(
      z.string(),
      key(z.string().regex(/^https:\/\/[^\s/]+\.[^\s/]+/, 'must be an https:// address'), {
        description: 'Where figures are from.',
        example: 'https://www.raspberrypi.com/documentation/computers/processors.html',
      }),
    ),
    deviceTreeModel: key(z.array(text()).default([]), {
      description: 'Names that the device tree or the firmware gives; * stands for anything.',
      example: 'Raspberry Pi 5 Model B*',
    }),
    processorName: key(z.array(text()).default([]), {
      description: 'Names that the processor gives, for boards that have no name of their own; * stands for anything.',
      example: 'Intel(R) N100',
    }),
    ram: z.array(size).min(1),
    cores: z.strictObject({
      count: key(z.int().min(1).max(1024), { description: 'Cores that Linux runs on.', example: 4 }),
      source,
    }),
    processor: z.strictObject({
      model: key(text(), { description: 'Name of the chip.', example: 'Broadcom BCM2712' }),
      microarchitecture: key(text(), { description: 'Of its cores.', example: 'Cortex-A76' }),
      maxMHz: key(z.number().min(50).max(10_000), {
        description: 'Highest clock of the fastest cores, without overclocking.',
        unit: 'MHz',
        example: 2400,
      }),
      source,
    }),
    instructions: z.strictObject({
      set: key(instructions, { description: 'Architecture and decisive instructions.', example: 'arm64 asimddp' }),
      source,
    }),
    page: z
      .strictObject({
        sizeBytes: key(z.int().min(4096).max(65_536), { description: 'Memory page.', unit: 'bytes', example: 16384 }),
        source,
      })
      .optional(),
    storage: z.strictObject({
      kinds: key(z.array(z.enum(['sd', 'emmc', 'nvme', 'ssd', 'hdd', 'usb'])).min(1), {
        description: 'What it can start from.',
        example: 'sd',
      }),
      source,
    }),
    thermal: z
      .strictObject({
        throttleAtC: key(z.number().min(40).max(130), {
          description: 'From here on it is slowed down.',
          unit: '°C',
          example: 80,
        }),
        source,
      })
      .optional(),
    speed: z
      .strictObject({
        sevenZipMips: key(z.number().positive(), { description: '7-zip on all cores.', example: 10340 }),
        memcpyMBPerS: key(z.number().positive(), { description: 'Memory to memory.', unit: 'MB/s', example: 4447 }),
        source,
      })
      .optional(),
    defaults: z.strictObject({
      reserveBytes: key(z.int().min(0), {
        description: 'RAM that is left to the system. Of Snug, not of the maker.',
        unit: 'bytes',
        example: 268435456,
      }),
      threads: key(z.int().min(1).max(1024), { description: 'Threads of the runtime. Of Snug.', example: 4 }),
    }),
    notes: key(z.array(text()).default([]), { description: 'What else to know.', example: 'Needs a fan.' }),
  })
  .superRefine((board, context) => {
    for (const path of sourcesNamed(board))
      if (!Object.hasOwn(board.sources, path.named))
        context.addIssue({
          code: 'custom',
          path: path.at,
          message: `${JSON.stringify(path.named)} is no entry of sources; known: ${Object.keys(board.sources).join(', ')}`,
        });
    for (const [at, { usableBytes, usableSource, nominalBytes }] of board.ram.entries()) {
      if ((usableBytes === undefined) !== (usableSource === undefined))
        context.addIssue({
          code: 'custom',
          path: ['ram', at],
          message: 'usableBytes and usableSource belong together',
        });
      if (usableBytes !== undefined && usableBytes > nominalBytes)
        context.addIssue({ code: 'custom', path: ['ram', at, 'usableBytes'], message: 'is more than nominalBytes' });
    }
  });

export type BoardFile = zod.infer<typeof boardSchema>;

/** Every name of a source in a file, with the keys that lead to it. */
function sourcesNamed(board: object): { readonly at: (string | number)[]; readonly named: string }[] {
  return Object.entries(board).flatMap(([name, value]) => {
    const step = Array.isArray(board) ? Number(name) : name;
    if (/^(source|usableSource)$/.test(name)) return typeof value === 'string' ? [{ at: [step], named: value }] : [];
    if (typeof value !== 'object' || value === null || name === 'sources') return [];
    return sourcesNamed(value).map(({ at, named }) => ({ at: [step, ...at], named }));
  });
}
