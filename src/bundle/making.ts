/** The writer's side of the room: masters, profiles cut out of them, whole bundles. */
export { planFrom, rangeTensor } from './cut.js';
export { removeLeftovers } from './leftovers.js';
export { Master, type MasterTensor, type Store, writeMaster } from './master.js';
export { type BundleContent, refuseForeign, writeBundle } from './write.js';
export { writeProfile } from './write-profile.js';
