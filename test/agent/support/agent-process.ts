/** An agent as a process of its own, to be killed: `node --import=tsx agent-process.ts CONFIG`, records on stdin. */
import { Agent } from '../../../agent/agent.js';
import { systemClock } from '../../../agent/clock.js';
import { readConfig } from '../../../agent/config/index.js';
import { createLog } from '../../../agent/log.js';
import { createSource } from '../../../agent/sources/index.js';
import { oneProfile, stillBoard, wholeModel } from './agent-rig.js';

const agent = new Agent({
  config: await readConfig(process.argv[2]),
  version: '0.0.0-test',
  openProfiles: async () => oneProfile(wholeModel()),
  boardOf: stillBoard,
  createSource,
  clock: systemClock,
  log: createLog(),
});
process.once('SIGTERM', () => {
  void agent.stop().then(() => process.exit());
});
await agent.start();
