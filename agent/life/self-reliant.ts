import type { HostLife } from './host.js';

const refuse = () => {
  throw new Error('this agent runs by itself: nothing would start it anew');
};

/** The life of an agent that nobody hosts: a demo's, a test's. */
export const selfReliant: HostLife = {
  restart: refuse,
  setConfig: async () => refuse(),
  endOf: () => undefined,
};
