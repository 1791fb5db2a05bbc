/** Figures as they are read. */

export const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)} %`;

/** Whole numbers with a thin gap between thousands. */
export const count = (value: number) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');

export interface Unit {
  readonly name: string;
  readonly size: number;
}

const byteUnits: readonly Unit[] = [
  { name: 'GB', size: 1e9 },
  { name: 'MB', size: 1e6 },
  { name: 'kB', size: 1e3 },
  { name: 'B', size: 1 },
];

/** The largest unit that the largest of some sizes has one of: a column or an axis has one for all. */
export function byteUnit(values: readonly number[]): Unit {
  const largest = Math.max(0, ...values);
  return byteUnits.find(({ size }) => largest >= size) ?? byteUnits[byteUnits.length - 1];
}

/** A size in a unit of its own. */
export function bytes(value: number): string {
  const unit = byteUnit([value]);
  return `${inUnit(value, unit)} ${unit.name}`;
}

export const inUnit = (value: number, { size }: Unit) => (value / size).toFixed(size === 1 ? 0 : 1);

export const milliseconds = (value: number) => value.toFixed(value < 0.1 ? 3 : 2);

export function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
