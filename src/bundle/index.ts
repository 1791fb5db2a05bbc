/**
 * The elastic bundle: a folder with one master model and all that is needed to run a profile of it on a board that has
 * neither the checkpoint nor a network.
 */
export { type Bundle, files, materialiseProfile, networkOf, openBundle, planFrom, rangeTensor } from './bundle.js';
export { sha256OfBytes, sha256OfFile } from './hash.js';
export { type Calibration, FORMAT, type Manifest, manifestSchema, type Refusal, type Rung } from './manifest.js';
export { Master, type MasterTensor, type Store, writeMaster } from './master.js';
export { cacheFolder, type Materialised, materialise, type OpenProfile, writeProfile } from './materialise.js';
export { runtimeVersion } from './prepack.js';
export {
  bitWidths,
  DEFAULT_PROFILE,
  FULL_PROFILE,
  formatProfile,
  nearestProfiles,
  type Profile,
  parseProfile,
} from './profile-name.js';
export { type BundleContent, writeBundle } from './write.js';
