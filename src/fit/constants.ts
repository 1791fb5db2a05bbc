/**
 * Every figure that the choice decides by, declared once: the code reads the values, docs/fit.md shows the table. Bytes of a
 * process were measured on x64 with Node 20 and onnxruntime 1.30; how, stands in docs/fit.md.
 */
export interface Constant {
  readonly value: number;
  readonly unit: string;
  readonly about: string;
}

export const constants = {
  limitedShare: {
    value: 0.9,
    unit: 'share',
    about:
      'Of `--ram` or of the smallest memory limit of a control group that Snug uses, where `memoryShare` is not set.',
  },
  availableShare: {
    value: 0.5,
    unit: 'share',
    about: 'Of the available memory that Snug uses where nothing limits it, and `memoryShare` is not set.',
  },
  reserveBytes: {
    value: 12 * 2 ** 20,
    unit: 'bytes',
    about:
      'Kept free on top of what is predicted: kernel memory that is counted with the process, pages that the kernel has not yet let go of.',
  },
  hotCodeBytes: {
    value: 30e6,
    unit: 'bytes',
    about:
      'Code of Node and of the runtime that every text runs through: below it, pages are read from disk all the time.',
  },
  heapBytes: {
    value: 1e6,
    unit: 'bytes',
    about:
      'What the JavaScript heap grows by in the first thousand texts, beyond what it had grown by while the board was measured.',
  },
  waitingBytes: {
    value: 19e6,
    unit: 'bytes',
    about: 'Anonymous memory of the process that waits while another cuts a profile.',
  },
  makingCodeBytes: {
    value: 12e6,
    unit: 'bytes',
    about: 'Code and files that cutting a profile runs through: with less it still ends, but takes minutes.',
  },
  makingBytes32: {
    value: 36e6,
    unit: 'bytes',
    about: 'Anonymous memory of cutting a profile in 32 bits, at its height.',
  },
  makingBytes8: { value: 35e6, unit: 'bytes', about: 'The same in 8 bits.' },
  makingBytes4: { value: 31e6, unit: 'bytes', about: 'The same in 4 bits.' },
  standardErrors: {
    value: 1,
    unit: 'standard errors',
    about:
      'Profiles whose accuracies differ by no more than this of their difference count as equal; the cheaper one wins.',
  },
  latencyShare: {
    value: 0.8,
    unit: 'share',
    about: 'Of the latency allowed that may be predicted: texts differ, and other programs come in between.',
  },
  quotaPeriodMs: {
    value: 100,
    unit: 'ms',
    about: 'In which a quota of processor time is given out, as the kernel has it.',
  },
  tokens: { value: 32, unit: 'tokens', about: 'Length of a text where `--tokens` does not say it.' },
  calibrationMs: { value: 3000, unit: 'ms', about: 'The most that the first measurement of a board may take.' },
  smoothing: { value: 0.3, unit: 'share', about: 'Weight of a new measurement of a profile beside those before it.' },
  measuredProfiles: {
    value: 4,
    unit: 'profiles',
    about: 'The most that `--measure` measures, and as many seconds to each.',
  },
  diskReserveBytes: {
    value: 16 * 2 ** 20,
    unit: 'bytes',
    about: 'Free space that cutting a profile leaves on the disk.',
  },
} as const satisfies Record<string, Constant>;
