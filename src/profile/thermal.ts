/** How hot the board is, and whether it is slowed down for it. */
import { known, quoted, type Reading, shortened, unknown, wholeNumber } from './reading.js';
import type { Tree } from './tree.js';

const ZONES = 'sys/class/thermal';
/** A sensor that tells more or less is broken or absent. */
const COLDEST_C = -50;
const HOTTEST_C = 200;
const MOST_ZONES = 64;
const MOST_TRIPS = 16;

export interface ThermalZone {
  /** Of the kernel: `cpu-thermal`; null where it has none. */
  readonly type: string | null;
  /** Null where the sensor tells nothing that can be. */
  readonly temperatureC: number | null;
  readonly file: string;
}

/** The folders of the zones, which stay the same while a machine runs. */
export function zoneFolders(tree: Tree): readonly string[] {
  const names = tree.names(ZONES).filter((name) => /^thermal_zone\d+$/.test(name));
  return names.slice(0, MOST_ZONES).map((name) => `${ZONES}/${name}`);
}

/** The hottest zone. */
export function temperature(tree: Tree, folders: readonly string[] = zoneFolders(tree)): Reading<number> {
  if (folders.length === 0) return unknown(`/${ZONES} has no zone`);
  const zones = folders.map((folder) => ({ folder, ...degrees(tree, `${folder}/temp`) }));
  let hottest: { folder: string; value: number } | undefined;
  for (const { folder, value } of zones)
    if (value !== null && (hottest === undefined || value > hottest.value)) hottest = { folder, value };
  if (hottest === undefined) return unknown(zones.map(({ source }) => source).join('; '));
  const type = shortened(tree.once(`${hottest.folder}/type`).text ?? '');
  return known(hottest.value, `/${hottest.folder}/temp${type ? ` (${type})` : ''}`);
}

export function thermalZones(
  tree: Tree,
  folders: readonly string[] = zoneFolders(tree),
): Reading<readonly ThermalZone[]> {
  if (folders.length === 0) return unknown(`/${ZONES} has no zone`);
  const zones = folders.map((folder) => ({
    type: shortened(tree.once(`${folder}/type`).text ?? '') || null,
    temperatureC: degrees(tree, `${folder}/temp`).value,
    file: `/${folder}/temp`,
  }));
  return known(zones, `/${ZONES}`);
}

/** The lowest temperature at which the kernel slows the board down; it doesn't know of what firmware does. */
export function throttleTemperature(tree: Tree, folders: readonly string[] = zoneFolders(tree)): Reading<number> {
  let lowest: { value: number; file: string } | undefined;
  for (const folder of folders)
    for (let trip = 0; trip < MOST_TRIPS; trip++) {
      const { text } = tree.text(`${folder}/trip_point_${trip}_type`);
      if (text === null) break;
      if (text.trim() !== 'passive') continue;
      const file = `${folder}/trip_point_${trip}_temp`;
      const { value } = degrees(tree, file);
      if (value !== null && value > 0 && (lowest === undefined || value < lowest.value))
        lowest = { value, file: `/${file}` };
    }
  return lowest === undefined ? unknown('no thermal zone has a passive trip point') : known(lowest.value, lowest.file);
}

/** The kernel gives thousandths of a degree. */
function degrees(tree: Tree, file: string): { readonly value: number | null; readonly source: string } {
  const { text, problem } = tree.text(file);
  if (text === null) return { value: null, source: problem };
  const magnitude = wholeNumber(text.trim().replace(/^-/, ''));
  const value = magnitude === null ? Number.NaN : (text.trim().startsWith('-') ? -magnitude : magnitude) / 1000;
  if (value > COLDEST_C && value < HOTTEST_C) return { value, source: `/${file}` };
  return { value: null, source: `/${file} ${quoted(text)}` };
}

/** What slows the board down, in the words of Raspberry Pi's firmware, which tells most. */
export type Slowing = 'under-voltage' | 'frequency capped' | 'throttled' | 'soft temperature limit';

export interface Throttled {
  /** Right now. */
  readonly now: readonly Slowing[];
  /** At some time since the board was started; empty where that is not told. */
  readonly sinceBoot: readonly Slowing[];
}

/** The lowest four bits are of now, the same ones 16 higher of since boot (vcgencmd get_throttled). */
const FLAGS: readonly Slowing[] = ['under-voltage', 'frequency capped', 'throttled', 'soft temperature limit'];

export interface ThrottleFiles {
  readonly firmware: string | null;
  /** Of the kernel's cooling devices that lower the processor's frequency: their present step, 0 where they don't. */
  readonly cooling: readonly string[];
}

export function throttleFiles(tree: Tree): ThrottleFiles {
  const platform = 'sys/devices/platform';
  const soc = tree
    .names(platform)
    .find((name) => /^soc(@|$)/.test(name) && tree.isThere(`${platform}/${name}/${name}:firmware/get_throttled`));
  const cooling = tree
    .names(ZONES)
    .filter((name) => /^cooling_device\d+$/.test(name))
    .filter((name) => /cpufreq|^processor/i.test(tree.once(`${ZONES}/${name}/type`).text ?? ''))
    .map((name) => `${ZONES}/${name}/cur_state`);
  return {
    firmware: soc === undefined ? null : `${platform}/${soc}/${soc}:firmware/get_throttled`,
    cooling: cooling.slice(0, MOST_ZONES),
  };
}

/** From Raspberry Pi's firmware, else from the kernel's cooling devices. */
export function throttled(tree: Tree, files: ThrottleFiles = throttleFiles(tree)): Reading<Throttled> {
  if (files.firmware !== null) {
    const { text, problem } = tree.text(files.firmware);
    if (text === null) return unknown(problem);
    const hex = /^(?:0x)?([0-9a-f]{1,8})$/i.exec(text.trim())?.[1];
    if (hex === undefined) return unknown(`/${files.firmware} ${quoted(text)}`);
    const flags = Number.parseInt(hex, 16);
    const set = (shift: number) => FLAGS.filter((_, bit) => ((flags >>> (bit + shift)) & 1) === 1);
    return known({ now: set(0), sinceBoot: set(16) }, `/${files.firmware}`);
  }
  if (files.cooling.length === 0) return unknown('neither firmware nor a cooling device tells it');
  const steps = files.cooling.map((file) => wholeNumber(tree.text(file).text ?? ''));
  if (steps.every((step) => step === null)) return unknown(`/${files.cooling[0]} is no number`);
  const slowed = steps.findIndex((step) => step !== null && step > 0);
  return known(
    { now: slowed < 0 ? [] : ['frequency capped'], sinceBoot: [] },
    `/${files.cooling[Math.max(0, slowed)]}`,
  );
}
