/** Imported before a program: its time of day is the machine's plus the milliseconds that stand in `SNUG_CLOCK_FILE`. */
import { readFileSync } from 'node:fs';

const LOOK_MS = 50;
const file = process.env.SNUG_CLOCK_FILE;
const MachineDate = Date;
let offsetMs = 0;

function look(): void {
  try {
    offsetMs = Number(readFileSync(file ?? '', 'utf8')) || 0;
  } catch {
    // not stepped yet
  }
}

const now = () => MachineDate.now() + offsetMs;

class SteppedDate extends MachineDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(now());
    else super(...args);
  }

  static override now(): number {
    return now();
  }
}

look();
setInterval(look, LOOK_MS).unref();
globalThis.Date = SteppedDate as DateConstructor;
