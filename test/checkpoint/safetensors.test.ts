import { open, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { floatToHalf } from '../../src/checkpoint/half-float.js';
import { SafetensorsFile } from '../../src/checkpoint/safetensors.js';
import { parseHeader } from '../../src/checkpoint/safetensors-header.js';
import { type TensorToWrite, writeSafetensors } from '../../src/checkpoint/safetensors-write.js';
import { SnugError } from '../../src/errors/index.js';
import { seeded, temporaryFolder } from './support.js';

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const tensor = (
  name: string,
  dtype: TensorToWrite['dtype'],
  shape: number[],
  values: ArrayBufferView,
): TensorToWrite => ({
  name,
  dtype,
  shape,
  chunks: () => [bytesOf(values)],
});

/** Opens a file that is closed when the test ends. */
async function opened(t: ExecutionContext, path: string, options?: { allowGaps: boolean }): Promise<SafetensorsFile> {
  const file = await SafetensorsFile.open(path, options);
  t.teardown(() => file.close());
  return file;
}

/** A file with this header and so many bytes of data. */
async function withHeader(path: string, header: string | object, dataBytes: number, length?: bigint): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  await writeFile(path, Buffer.concat([size, json, Buffer.alloc(dataBytes)]));
  return path;
}

test('what is written is read back: types, shapes, rows, raw bytes and metadata', async (t) => {
  const path = join(await temporaryFolder(t), 'a.safetensors');
  const floats = Float32Array.from({ length: 12 }, (_, i) => i / 3 - 1);
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001);
  const written = await writeSafetensors(
    path,
    [
      tensor('ids', 'I64', [2], BigInt64Array.of(-1n, 5n)),
      tensor('matrix', 'F32', [4, 3], floats),
      tensor('scalar', 'F32', [], Float32Array.of(7)),
      tensor('half', 'F16', [3, 1], halves),
      tensor('brain', 'BF16', [2], Uint16Array.of(0x3f80, 0xc000)),
      tensor('42', 'I8', [3], Int8Array.of(-1, 2, -3)),
      tensor('nothing', 'F32', [0, 9], new Float32Array(0)),
    ],
    { format: 'pt' },
  );
  t.is((await stat(path)).size, written.bytes);
  const file = await opened(t, path);
  t.deepEqual(new Set(file.names), new Set(['ids', 'matrix', 'scalar', 'half', 'brain', '42', 'nothing']));
  t.deepEqual(file.metadata, { format: 'pt' });
  t.is(file.entry('ids').begin % 8, 0);
  t.deepEqual(file.shape('matrix'), [4, 3]);
  t.deepEqual(await file.read('matrix'), floats);
  t.deepEqual(await file.readRows('matrix', 1, 3), floats.slice(3, 9));
  t.deepEqual([...(await file.read('scalar'))], [7]);
  t.deepEqual([...(await file.read('half'))], [1, -2, 2 ** -24]);
  t.deepEqual([...(await file.readRows('half', 1, 2))], [-2]);
  t.deepEqual([...(await file.read('brain'))], [1, -2]);
  t.is((await file.read('nothing')).length, 0);
  t.deepEqual(new Int8Array((await file.readBytes('42')).buffer), Int8Array.of(-1, 2, -3));
  t.deepEqual(new Int8Array((await file.readBytes('42', 1, 2)).buffer), Int8Array.of(2));
  t.deepEqual(new BigInt64Array((await file.readBytes('ids')).buffer), BigInt64Array.of(-1n, 5n));
  await t.throwsAsync(file.read('ids'), { message: /ids is stored as I64/ });
  await t.throwsAsync(file.read('absent'), { message: /a\.safetensors: no tensor absent/ });
  for (const [from, to] of [
    [-1, 2],
    [2, 1],
    [0, 5],
    [0.5, 1],
  ])
    await t.throwsAsync(file.readRows('matrix', from, to), { message: /matrix has 4 rows/ });
});

test('a tensor longer than one read comes back whole, also in half precision', async (t) => {
  const path = join(await temporaryFolder(t), 'long.safetensors');
  const random = seeded(1);
  const halves = floatToHalf(Float32Array.from({ length: 1_300_001 }, () => random() * 8 - 4));
  await writeSafetensors(path, [tensor('long', 'F16', [halves.length], halves)]);
  const file = await opened(t, path);
  t.deepEqual(floatToHalf(await file.read('long')), halves);
  t.deepEqual(floatToHalf(await file.readRows('long', 600_000, 1_200_000)), halves.slice(600_000, 1_200_000));
});

test('the same tensors give the same bytes, and the hash of the file', async (t) => {
  const folder = await temporaryFolder(t);
  const tensors = [tensor('b', 'F32', [1], Float32Array.of(1)), tensor('a', 'U8', [3], Uint8Array.of(1, 2, 3))];
  const first = await writeSafetensors(join(folder, '1'), tensors);
  const second = await writeSafetensors(join(folder, '2'), tensors);
  t.deepEqual(first, second);
});

test('a tensor that gives other bytes than it declared is refused, and no file is left', async (t) => {
  const path = join(await temporaryFolder(t), 'x.safetensors');
  const short = tensor('short', 'F32', [2], Float32Array.of(1));
  await t.throwsAsync(writeSafetensors(path, [short]), { message: /tensor short was given 4 bytes.* needs 8/ });
  await t.throwsAsync(writeSafetensors(path, [short, short]), { message: /two tensors are named short/ });
  await t.throwsAsync(writeSafetensors(path, [{ ...short, shape: [2 ** 40, 2 ** 40] }]), {
    message: /short cannot have/,
  });
  await t.throwsAsync(stat(path), { code: 'ENOENT' });
  await t.throwsAsync(writeSafetensors(join(path, 'no', 'folder'), []), { instanceOf: SnugError });
});

test('a full disk is named, not a number of the system', async (t) => {
  const full = await open('/dev/full', 'w').catch(() => undefined);
  if (full === undefined) {
    t.log('this system has no /dev/full: nothing tried');
    return t.pass();
  }
  await full.close();
  // A write to /dev/full fails as one to a full disk does; a link, so that the failed file is the link.
  const path = join(await temporaryFolder(t), 'full.safetensors');
  await symlink('/dev/full', path);
  await t.throwsAsync(writeSafetensors(path, [tensor('a', 'F32', [1], Float32Array.of(1))]), { code: 'DISK_FULL' });
});

const f32 = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') => ({ dtype, shape, data_offsets: offsets });
const good = { 'layer.weight': f32([2, 2], [0, 16]), 'layer.bias': f32([2], [16, 24]) };
/** What is wrong, a header for 24 bytes of data, and what the error has to say. */
const broken: [string, string | object, RegExp][] = [
  ['no JSON', '{{{{', /header is not JSON/],
  ['JSON cut short', '{"layer.weight', /header is not JSON/],
  ['a list', '[]', /header is not a JSON object/],
  ['nothing', 'null', /header is not a JSON object/],
  ['an entry that is none', { ...good, 'layer.bias': 3 }, /layer\.bias: is not an object/],
  ['an unknown type', { ...good, 'layer.bias': f32([2], [16, 24], 'F128') }, /layer\.bias: dtype "F128" is not known/],
  ['a type of the prototype', { ...good, 'layer.bias': f32([2], [16, 24], 'toString') }, /dtype "toString"/],
  ['a negative size', { ...good, 'layer.bias': f32([-2], [16, 24]) }, /layer\.bias: shape \[-2\]/],
  ['a broken size', { ...good, 'layer.bias': f32([2.5], [16, 24]) }, /layer\.bias: shape/],
  ['a shape that is text', { ...good, 'layer.bias': f32('2', [16, 24]) }, /layer\.bias: shape "2"/],
  [
    'a size of 2^60',
    { ...good, 'layer.bias': f32([2 ** 30, 2 ** 30], [16, 24]) },
    /layer\.bias: shape \[1073741824,1073741824\]/,
  ],
  ['sizes that overflow', { ...good, 'layer.bias': f32(Array(40).fill(2 ** 52), [16, 24]) }, /layer\.bias: shape/],
  ['a shape that wraps round', { ...good, 'layer.bias': f32([2 ** 32, 2 ** 32, 2], [16, 24]) }, /layer\.bias: shape/],
  ['too few bytes', { ...good, 'layer.bias': f32([3], [16, 24]) }, /layer\.bias: shape \[3\] of F32 .* 8 bytes/],
  ['offsets backwards', { ...good, 'layer.bias': f32([2], [24, 16]) }, /layer\.bias: data_offsets .* backwards/],
  ['negative offsets', { ...good, 'layer.bias': f32([2], [-8, 0]) }, /layer\.bias: data_offsets \[-8,0\]/],
  ['three offsets', { ...good, 'layer.bias': f32([2], [16, 20, 24]) }, /layer\.bias: data_offsets/],
  ['no offsets', { ...good, 'layer.bias': { dtype: 'F32', shape: [2] } }, /layer\.bias: data_offsets nothing/],
  ['out of the file', { ...good, 'layer.bias': f32([2], [20, 28]) }, /layer\.bias: data_offsets .* beyond the file/],
  [
    'far out of the file',
    { ...good, 'layer.bias': f32([2], [0, 1e12]) },
    /layer\.bias: data_offsets .* beyond the file/,
  ],
  ['infinite offsets', JSON.stringify(good).replace('24', '1e999'), /layer\.bias: data_offsets/],
  ['overlapping', { ...good, 'layer.bias': f32([2], [8, 16]) }, /layer\.weight and layer\.bias overlap/],
  ['the same bytes twice', { ...good, more: f32([2, 2], [0, 16]) }, /overlap/],
  ['a gap at the start', { 'layer.bias': good['layer.bias'] }, /16 bytes from byte \d+ to no tensor/],
  ['a gap at the end', { 'layer.weight': good['layer.weight'] }, /8 bytes from byte \d+ to no tensor/],
  [
    'one name twice',
    `{"a":${JSON.stringify(f32([6], [0, 24]))},"\\u0061":${JSON.stringify(f32([6], [0, 24]))}}`,
    /names "a" twice/,
  ],
  ['one key twice', '{"a":{"dtype":"F32","shape":[6],"shape":[6],"data_offsets":[0,24]}}', /names "shape" twice/],
  ['metadata that is no object', { ...good, __metadata__: 3 }, /__metadata__/],
  ['metadata that is no text', { ...good, __metadata__: { a: 1 } }, /__metadata__ "a"/],
];
for (const [name, header, message] of broken)
  test(`refused, naming file and tensor: ${name}`, async (t) => {
    const path = await withHeader(join(await temporaryFolder(t), 'weights.safetensors'), header, 24);
    const error = await t.throwsAsync(SafetensorsFile.open(path), {
      instanceOf: SnugError,
      code: 'SAFETENSORS_HEADER',
    });
    t.true(error.message.startsWith(path), error.message);
    t.regex(error.message, message);
  });

test('the good header that the broken ones are made from is read', async (t) => {
  const file = await opened(t, await withHeader(join(await temporaryFolder(t), 'g.safetensors'), good, 24));
  t.deepEqual(file.names, ['layer.weight', 'layer.bias']);
});

test('a header longer than the file, or than any header, is refused before memory is taken for it', async (t) => {
  const path = join(await temporaryFolder(t), 'weights.safetensors');
  await withHeader(path, good, 24, 0x7fffffffffffffffn);
  await t.throwsAsync(SafetensorsFile.open(path), { message: /the header should have 9223372036854775807 bytes/ });
  await withHeader(path, good, 24, 150_000_000n);
  await truncate(path, 200_000_000); // sparse
  await t.throwsAsync(SafetensorsFile.open(path), { message: /at most 100000000 are read/ });
  await truncate(path, 5);
  await t.throwsAsync(SafetensorsFile.open(path), { message: /5 bytes are too few to hold a safetensors header/ });
  await t.throwsAsync(SafetensorsFile.open(`${path}.gone`), { code: 'CHECKPOINT_FILE_MISSING' });
  await t.throwsAsync(SafetensorsFile.open(join(path, '..')), { code: 'CHECKPOINT_FILE_UNREADABLE' });
});

test('gaps can be left to the caller', async (t) => {
  const path = await withHeader(join(await temporaryFolder(t), 'g'), { a: f32([1], [4, 8]) }, 12);
  const file = await opened(t, path, { allowGaps: true });
  t.deepEqual(
    file.gaps.map(({ begin, end }) => end - begin),
    [4, 4],
  );
  t.throws(() => file.refuseGaps(), { code: 'SAFETENSORS_HEADER' });
});

test('a file cut after it was opened is noticed at the read', async (t) => {
  const path = join(await temporaryFolder(t), 'a.safetensors');
  await writeSafetensors(path, [tensor('a', 'F32', [100], new Float32Array(100))]);
  const file = await opened(t, path);
  await truncate(path, 200);
  await t.throwsAsync(file.read('a'), { message: /a\.safetensors: tensor a: the file ends early/ });
});

test('of 5,000 damaged headers every one is read as a sound file or refused by name', (t) => {
  const random = seeded(20240);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)];
  const odd = [-1, 0, 1, 2, 8, 15, 16, 17, 24, 25, 1e12, 2 ** 53, 2 ** 60, 1.5, '16', null, [], {}, true, 'F32', 'I4'];
  const paths = [
    ['dtype'],
    ['shape'],
    ['shape', 0],
    ['shape', 1],
    ['data_offsets'],
    ['data_offsets', 0],
    ['data_offsets', 1],
  ];
  let refused = 0;
  for (let round = 0; round < 5000; round++) {
    const header = JSON.parse(JSON.stringify(good));
    for (let changes = 0; changes < 1 + Math.floor(random() * 2); changes++) {
      const path = pick(paths);
      let at = header[pick(Object.keys(header))];
      for (const step of path.slice(0, -1)) at = at?.[step] ?? {};
      if (typeof at === 'object' && at !== null) at[path[path.length - 1]] = structuredClone(pick(odd));
    }
    let text = JSON.stringify(header);
    if (random() < 0.3)
      text = text.slice(0, Math.floor(random() * text.length)) + pick(['', '"', '{', '\u0000', '9', ',']);
    try {
      const { tensors, gaps } = parseHeader('f', Buffer.from(text), 1000, 1024);
      const spans = [...tensors.values()].map(({ begin, end }) => [begin, end]);
      const covered = [...spans, ...gaps.map(({ begin, end }) => [begin, end])].reduce((sum, [a, b]) => sum + b - a, 0);
      t.true(spans.every(([begin, end]) => 1000 <= begin && begin <= end && end <= 1024) && covered === 24, text);
    } catch (error) {
      refused++;
      if (!(error instanceof SnugError) || !error.message.startsWith('f: ')) t.fail(`${text}: ${error}`);
    }
  }
  t.true(refused > 3000, `${refused} refused`);
});
