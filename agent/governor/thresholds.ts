/**
 * Every figure that the governor decides by, declared once: the code reads the values, docs/governor.md shows the table. A sign
 * presses from `press` on and is calm again only beyond `calm`; in between it does neither, so that nothing swings on one mark.
 */

export interface Mark {
  readonly press: number;
  readonly calm: number;
  readonly unit: string;
  readonly about: string;
}

export interface Setting {
  readonly value: number;
  readonly unit: string;
  readonly about: string;
}

export const marks = {
  queueDelayMs: {
    press: 500,
    calm: 100,
    unit: 'ms',
    about:
      'Age of the oldest record that waits, of sources with a pace of their own (not file, nor stdin that blocks); a queue that gets shorter does not press.',
  },
  latencyShare: {
    press: 1,
    calm: 0.8,
    unit: 'of `limits.maxLatencyMs`',
    about: 'Service time of a text at the 95th percentile of the last 2.5 to 5 s, from 10 texts on.',
  },
  memoryStallShare: {
    press: 0.2,
    calm: 0.05,
    unit: 'of the time',
    about:
      'Pressure stall information, memory, `some avg10`. That of the whole board counts only where memory is near short or pages of ours are read again: else it is another group that stalls.',
  },
  headroomShare: {
    press: 0.08,
    calm: 0.16,
    unit: 'of the memory limit',
    about:
      'What is left to the nearest memory limit or of the available memory, file cache counted as free; never more than the byte figures of the next row.',
  },
  headroomBytes: {
    press: 64 * 2 ** 20,
    calm: 128 * 2 ** 20,
    unit: 'bytes',
    about: 'The most that the row above asks for: on a large board a share of the memory is more than is needed.',
  },
  faultsPerSecond: {
    press: 40,
    calm: 5,
    unit: '1/s',
    about:
      'Pages of our own that had to be read from disk again, where the control group has been at its limit since the last look: the weights no longer fit.',
  },
  temperatureC: {
    press: 85,
    calm: 75,
    unit: '°C',
    about: 'The hottest thermal zone. Boards begin to throttle between 80 and 97 °C.',
  },
  cpuThrottledShare: {
    press: 0.5,
    calm: 0.2,
    unit: 'of the periods',
    about:
      'Periods in which the quota ran out. Presses only together with a queue or a latency above its calm mark: a quota that is used up in time harms nobody.',
  },
} as const satisfies Record<string, Mark>;

export const settings = {
  lookMs: { value: 500, unit: 'ms', about: 'Time between two looks.' },
  tightenedMs: {
    value: 5000,
    unit: 'ms',
    about:
      'After a memory limit got smaller: the agent goes to the choice under it where that takes less, though the profile in force fits.',
  },
  limitsMs: { value: 1000, unit: 'ms', about: 'Time between two readings of the limits, and the choice under them.' },
  rateWeight: {
    value: 0.05,
    unit: 'share',
    about: 'What the last look counts in the rate of texts that the choice is made for: a mean over some ten seconds.',
  },
  confirmMs: { value: 400, unit: 'ms', about: 'How long a sign must press before a step down: two looks.' },
  criticalShare: {
    value: 0.25,
    unit: 'of the pressing headroom',
    about: 'Below it the board is about to kill: no confirmation, and a pinned profile gives way too.',
  },
  settleMs: {
    value: 3000,
    unit: 'ms',
    about: 'After a change: how long queue, latency and memory have to show what it brought before the next step down.',
  },
  heatSettleMs: { value: 30_000, unit: 'ms', about: 'The same for heat, which follows slowly.' },
  giveBackEveryMs: {
    value: 30_000,
    unit: 'ms',
    about: 'Memory is given back at most so often before a smaller profile is taken.',
  },
  holdOffMs: { value: 30_000, unit: 'ms', about: 'How long everything must be calm before a step up.' },
  longestHoldOffMs: {
    value: 3_600_000,
    unit: 'ms',
    about: 'The hold-off doubles with every step up that has to be taken back, up to this.',
  },
  takenBackMs: {
    value: 900_000,
    unit: 'ms',
    about: 'A step down so soon after a step up means that it was taken back; one that lasts longer ends the doubling.',
  },
  upLatencyShare: {
    value: 0.8,
    unit: 'of `limits.maxLatencyMs`',
    about: 'The most that a step up may be predicted to take.',
  },
  upMemoryShare: {
    value: 0.9,
    unit: 'of the allowed memory',
    about: 'The most that a step up may be predicted to need.',
  },
  upBusyShare: {
    value: 0.6,
    unit: 'of the time',
    about: 'The most that the model may then be busy, at the present rate.',
  },
  lighterShare: {
    value: 0.8,
    unit: 'of the cost',
    about:
      'A step down takes the most accurate profile that costs no more than this, or less where figures say how much is too much. Of memory only what profiles differ in counts: a process holds the rest with any of them.',
  },
  hardlyShare: {
    value: 0.03,
    unit: 'of the cost',
    about: 'A profile that saves less than this in time and in memory, beside one that is more accurate, is no step.',
  },
  cutBytes: {
    value: 56 * 2 ** 20,
    unit: 'bytes',
    about:
      'Must be left for a profile to be cut beside the stream; the process that cuts holds 35 MB of anonymous memory.',
  },
  standbyAfterMs: {
    value: 1000,
    unit: 'ms',
    about: 'After the start: from then on the profiles that a step down would lead to are cut in advance.',
  },
  overloadEveryMs: {
    value: 600_000,
    unit: 'ms',
    about: 'How often it is told that something presses and there is nothing lighter to go to.',
  },
  nearWriteMs: {
    value: 10_000,
    unit: 'ms',
    about: 'How long memory must have been plentiful again before the record of this run says so.',
  },
  ceilingGrowth: {
    value: 1.25,
    unit: 'times the memory',
    about: 'A profile that was killed for memory is considered again with so much more memory than then.',
  },
  barredMs: { value: 600_000, unit: 'ms', about: 'How long a profile that could not be cut or loaded is left alone.' },
  gapMs: {
    value: 5000,
    unit: 'ms',
    about: 'Looks further apart than this (a stopped process) say nothing together: signs are seen anew.',
  },
} as const satisfies Record<string, Setting>;
