/** Elastic bundles, profiles and the cache of materialised ones. */
import type { ErrorEntry } from '../entry.js';

export const bundleErrors = {
  BUNDLE_NOT_FOUND: {
    meaning: 'The folder is no bundle: it has no manifest.json.',
    remedy: 'Give the folder that snug build wrote.',
  },
  BUNDLE_MANIFEST: {
    meaning: 'manifest.json of a bundle is not what Snug writes.',
    remedy: 'Copy the bundle again, or build it anew with snug build.',
  },
  BUNDLE_NEWER: {
    meaning: 'The bundle was written by a newer version of Snug.',
    remedy: 'Update Snug on this machine, or build the bundle with this version.',
  },
  BUNDLE_DAMAGED: {
    meaning: 'A file of a bundle is missing, has other bytes than the manifest says, or is not in the manifest.',
    remedy: 'Copy the bundle again from where it was built.',
  },
  EVAL_LABEL: {
    meaning: 'A row to evaluate on has a label that the bundle does not know.',
    remedy: 'Give rows with the labels that snug info lists; rows of no label carry the refusal label.',
  },
  BUNDLE_WRITE: {
    meaning: 'A bundle could not be written; the one that was there before is unchanged.',
    remedy: 'Free some space or choose another folder with -o.',
  },
  REPORT_WRITE: {
    meaning: 'The report of a bundle could not be written; the bundle itself is whole.',
    remedy: 'Free some space, or make the folder writable.',
  },
  EXPORT_WRITE: {
    meaning: 'An exported model could not be written; what was there before is unchanged.',
    remedy: 'Free some space or choose another folder with --onnx or --checkpoint.',
  },
  MODEL_TOO_LARGE: {
    meaning: 'A profile is too large for one ONNX file, which ends at 2 GB.',
    remedy: 'Export a smaller profile; snug info BUNDLE lists their weights.',
  },
  PROFILE_NAME: {
    meaning: 'A profile was named in a form that is none.',
    remedy: 'snug info BUNDLE lists the profiles by name.',
  },
  PROFILE_UNKNOWN: {
    meaning: 'The bundle does not hold the profile.',
    remedy: 'snug info BUNDLE lists the profiles that it holds.',
  },
  CACHE_WRITE: {
    meaning: 'The cache of materialised profiles could not be written.',
    remedy: 'Free some space there, or set SNUG_CACHE to a folder that can be written.',
  },
  CACHE_DAMAGED: {
    meaning: 'A cached profile lost bytes without being written to, as worn-out storage does.',
    remedy: 'Start again: the profile is made anew. Check the storage if it happens twice.',
  },
  MODEL_CLOSED: {
    meaning: 'A model was asked for an answer after it was closed.',
    remedy: 'Close a model when nothing more will be asked; load it again to go on.',
  },
  MODEL_LOAD: {
    meaning: 'onnxruntime could not load a materialised profile.',
    remedy: 'Delete the cache folder named; it is made anew. snug doctor checks the runtime.',
  },
} as const satisfies Record<string, ErrorEntry>;
