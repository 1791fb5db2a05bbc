/** `snug agent`: the process of an agent, from its configuration file to its end. */
import { messageOf, SnugError } from '../src/errors/index.js';
import { Agent } from './agent.js';
import { systemClock } from './clock.js';
import { type AgentConfig, checkConfig, readConfigText, secretsOf } from './config/index.js';
import { advisedBoard } from './governor/index.js';
import { GOOD_AFTER_MS, type Good, Host, type HostLife, Notify, Overrides, Starts } from './life/index.js';
import { createLogBook } from './log.js';
import { BundleProfiles } from './profiles/index.js';
import { createSource } from './sources/index.js';
import { readCredentials } from './uplink/index.js';

/**
 * Small buffers share a slab. mqtt-packet keeps one of a few bytes for each length that a message ever had, and with it the whole
 * slab: small slabs keep that to a few hundred kilobytes.
 */
const SLAB_BYTES = 1024;

/** Runs until `stopped` resolves, or a command asks for a restart that somebody else does. Throws what `Agent.start` throws. */
export async function runAgent(file: string, version: string, stopped: Promise<unknown>): Promise<void> {
  Buffer.poolSize = SLAB_BYTES;
  process.umask(0o077); // every file and folder is this user's alone
  const text = await readConfigText(file);
  const own = checkConfig(text, file);
  const book = createLogBook();
  const { log } = book;
  const starts = new Starts(own.stateDir);
  const failed = await starts.begin(text).catch((error: unknown) => {
    log.warn(`that a start was tried can't be kept: ${messageOf(error)}`);
    return 0;
  });
  const because = starts.problem === undefined ? '' : `, the last one with: ${starts.problem}`;
  let careful = starts.looping ? `${failed} starts failed one after the other${because}` : undefined;
  const good = starts.looping ? starts.good : undefined;
  if (careful !== undefined)
    log.error(
      good
        ? `${careful}; the configuration that ran well last is used, until ${file} is changed`
        : `${careful}; none ever ran well`,
    );
  const overrides = new Overrides(own.stateDir);
  const runText = good?.text ?? text;
  const host = new Host(own, {
    layers: { file, text: runText },
    overrides: {
      read: good ? async () => ({ ...(await overrides.read()), set: good.set }) : () => overrides.read(),
      // What is kept has proved itself.
      keep: async (kept) => {
        await overrides.keep(kept);
        await wentWell({ text: runText, set: kept.set });
      },
    },
    newAgent: (config, life) => {
      const agent = newAgent(config, life);
      careful = undefined; // those after the first are started on purpose
      return agent;
    },
    supervised: process.env.INVOCATION_ID !== undefined,
    clock: systemClock,
    log,
  });
  const notify = new Notify({
    socket: process.env.NOTIFY_SOCKET,
    watchdogMs: Number(process.env.WATCHDOG_USEC) / 1000 || undefined,
    trouble: () => host.trouble(),
    log,
  });
  let wellTimer: NodeJS.Timeout | undefined;
  const wentWell = (ran?: Good) =>
    starts
      .wentWell(ran)
      .catch((error: unknown) => log.warn(`that this run is a good one can't be kept: ${messageOf(error)}`));
  const running = host.run(stopped, () => {
    void notify.ready();
    const ran = () => ({ text: runText, set: host.set });
    wellTimer = setTimeout(() => void wentWell(ran()), GOOD_AFTER_MS).unref();
    void stopped.then(() => notify.stopping());
  });
  await running.catch(async (error: unknown) => {
    const isOthers = error instanceof SnugError && error.code === 'STATE_IN_USE';
    const kept = isOthers ? starts.takeBack() : starts.cameToNothing(messageOf(error));
    await kept.catch(() => undefined); // its folder may be what is wrong
    throw error;
  });
  clearTimeout(wellTimer);
  await notify.stopping();
  await wentWell();

  function newAgent(config: AgentConfig, life: HostLife): Agent {
    for (const secret of secretsOf(config)) book.hide(secret);
    // A file that can't be read is told of by the agent's start.
    void readCredentials(config.mqtt).then(
      ({ password }) => book.hide(password),
      () => undefined,
    );
    return new Agent({
      config,
      version,
      openProfiles: (config) => BundleProfiles.open(config),
      boardOf: (_, config, log) => advisedBoard(config, log),
      createSource,
      clock: systemClock,
      log,
      book,
      life,
      careful,
    });
  }
}
