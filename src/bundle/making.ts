/** The writer's side of the room: masters, profiles cut out of them, whole bundles. */
export { type PlannedProfile, planFrom, rangeTensor } from './cut.js';
export { isAlive, removeLeftovers } from './leftovers.js';
export { Master, type MasterTensor, type Store, tensorOf, writeMaster } from './master.js';
export { type BundleContent, refuseForeign, writeBundle } from './write.js';
export { writeProfile } from './write-profile.js';
