/** The agent: configuration, uplink, commands, broker. */
import type { ErrorEntry } from '../entry.js';

export const agentErrors = {
  MESSAGE_INVALID: {
    meaning: 'An MQTT message breaks the contract: not JSON, too long, or a field is missing or wrong.',
    remedy: 'The message names the fields; src/protocol/messages.ts is the contract.',
  },
  CONFIG_UNREADABLE: {
    meaning: 'The configuration file cannot be read.',
    remedy: 'Give the path of a YAML file that this user may read.',
  },
  CONFIG_INVALID: {
    meaning: 'The configuration file has errors: YAML that does not parse, unknown keys, missing or wrong values.',
    remedy: 'Correct the lines named above; nothing was started.',
  },
  CONFIG_LOCAL: {
    meaning: 'A command wants to change a key that only the agent’s own configuration file may set.',
    remedy: 'Change it in the file on the board, and restart the agent.',
  },
  CONFIG_REVERTED: {
    meaning:
      'A configuration set by a command was tried, and the agent was not healthy with it; the one before is in force.',
    remedy: 'The message says what was wrong; correct that and set it again.',
  },
  HEALTH_LISTEN: {
    meaning: 'The health endpoint cannot listen where health.listen says.',
    remedy: 'Choose a free loopback port, or a socket in a folder that this user may write.',
  },
  STATE_UNUSABLE: {
    meaning: 'The state folder, or a file in it, cannot be read or written.',
    remedy: 'Set stateDir to a folder on a disk with free space that this user may write.',
  },
  STATE_IN_USE: {
    meaning: 'Another agent uses the state folder: there is one agent for a device.',
    remedy: 'End the other agent, or give this one a device name, or a stateDir, of its own.',
  },
  CHILD_ENDED: {
    meaning:
      'A process that the agent started beside itself, to cut or to measure a profile, ended before it was done.',
    remedy: 'Look for memory: it is the first to be killed where that runs out. The profile in use stays in use.',
  },
  PROFILE_UNFIT: {
    meaning:
      'A profile was asked for that this board has no room for, or that would break a limit of the configuration.',
    remedy:
      'Ask for one of those named, or raise the limit that rules it out; profile.auto leaves the choice to the agent.',
  },
  BROKER_PORT: {
    meaning: 'The broker cannot listen on the address asked for.',
    remedy: 'Stop what listens there, or choose another port with --port.',
  },
  BROKER_TLS: {
    meaning: 'The files for TLS, or the password file, cannot be used.',
    remedy: 'Give PEM files, or a password file, that this user may read; a client certificate needs its key.',
  },
} as const satisfies Record<string, ErrorEntry>;
