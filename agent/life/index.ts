/** The life of an agent: started, watched, told to systemd and to others, started anew, and led back where it fails. */

export { Endpoint } from './endpoint.js';
export { Host, type HostedAgent, type HostLife, type HostOptions } from './host.js';
export { Notify } from './notify.js';
export { Overrides } from './overrides.js';
export { Progress } from './progress.js';
export { selfReliant } from './self-reliant.js';
export { GOOD_AFTER_MS, type Good, Starts } from './starts.js';
