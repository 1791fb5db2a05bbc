/**
 * The elastic bundle: a folder with one master model and all that is needed to run a profile of it on a board that has
 * neither the checkpoint nor a network. This is the reader's side; making.ts is the writer's, which a board rarely loads.
 */
export { cacheFolder } from '../files/cache-folder.js';
export {
  type Bundle,
  files,
  isCached,
  materialiseProfile,
  type Network,
  networkOf,
  openBundle,
  openProfile,
} from './bundle.js';
export { sha256OfBytes, sha256OfFile } from './hash.js';
export type { Calibration, Manifest, Refusal, Rung, ShapeDescription } from './manifest.js';
export { materialise, type OpenProfile } from './materialise.js';
export {
  BAG,
  type Bits,
  bitWidths,
  DEFAULT_PROFILE,
  FULL_PROFILE,
  formatProfile,
  nearestProfiles,
  type Profile,
  parseProfile,
  shapeName,
} from './profile-name.js';
export { runtimeVersion } from './runtime.js';
export { checkLater, type IntegrityCheck, type Materialised } from './seal.js';
