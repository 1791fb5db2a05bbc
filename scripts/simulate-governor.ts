/**
 * Prints every change of profile of a simulated day, with its cause:
 *   npx tsx scripts/simulate-governor.ts [SEED] [PLOT.svg]
 */
import { writeFileSync } from 'node:fs';
import { simulateDay } from './governor/day.js';
import { plotOf } from './governor/plot.js';

const seed = Number(process.argv[2] ?? 1);
const day = simulateDay(seed);
for (const { atMs, direction, from, to, cause } of day.changes) {
  const time = new Date(atMs).toISOString().slice(11, 19);
  process.stdout.write(`${time}  ${direction.padEnd(4)}  ${from} → ${to}  (${cause})\n`);
}
const down = day.changes.filter((change) => change.direction === 'down').length;
process.stdout.write(`${day.changes.length} changes, ${down} of them down\n`);
if (process.argv[3] !== undefined) writeFileSync(process.argv[3], plotOf(day, seed));
