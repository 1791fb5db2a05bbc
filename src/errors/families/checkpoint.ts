/** Reading a checkpoint folder, and fetching one from a hub. */
import type { ErrorEntry } from '../entry.js';

export const checkpointErrors = {
  CHECKPOINT_FILE_MISSING: {
    meaning: 'A file that a checkpoint folder must hold is not there.',
    remedy: 'Give a Hugging Face folder with config.json, model.safetensors and tokenizer.json or vocab.txt.',
  },
  CHECKPOINT_FILE_UNREADABLE: {
    meaning: 'A file of the checkpoint is there, but cannot be read or is not the JSON that it should be.',
    remedy: 'Fetch the file again, and check that this user may read it.',
  },
  CHECKPOINT_WEIGHTS_FORMAT: {
    meaning: 'The weights are stored in a format that Snug does not read.',
    remedy: 'Convert them to model.safetensors once, on a machine that trusts the file.',
  },
  CHECKPOINT_CONFIG: {
    meaning: 'A value in the configuration of the checkpoint is missing, of the wrong kind or out of its domain.',
    remedy: 'Compare the file with the one that the model was published with.',
  },
  CHECKPOINT_UNSUPPORTED: {
    meaning: 'The checkpoint is valid, but of a kind that Snug does not run.',
    remedy: 'Use a BERT, MiniLM or DistilBERT encoder; the message says which part is not supported.',
  },
  SAFETENSORS_HEADER: {
    meaning: 'The header of a safetensors file is damaged, or says of a tensor what cannot be.',
    remedy: 'The file is truncated or damaged: fetch it again.',
  },
  SAFETENSORS_READ: {
    meaning: 'The bytes of a tensor could not be read from a safetensors file as asked.',
    remedy: 'Check that the file has not changed since it was opened, and that memory suffices.',
  },
  SAFETENSORS_WRITE: {
    meaning: 'A safetensors file could not be written as declared.',
    remedy: 'Check the folder, its permissions and the names, shapes and bytes given.',
  },
  TENSOR_MISSING: {
    meaning: 'A tensor that the configuration asks for is not in the weights.',
    remedy: 'Check that config.json and the weights belong together, and that every shard is there.',
  },
  TENSOR_SHAPE: {
    meaning: 'A tensor has another shape than the configuration asks for.',
    remedy: 'Check that config.json and the weights belong together.',
  },
  TENSOR_VALUE: {
    meaning: 'A tensor holds values that are no finite numbers, or is stored as a type that weights cannot have.',
    remedy: 'The weights are damaged or were saved after a failed training: take another checkpoint.',
  },
  HUB_ACCESS: {
    meaning: 'The hub does not let this user read the repository.',
    remedy:
      'Set HF_TOKEN to a token with read access; accept the terms of a gated model on its page first. Check the name, too.',
  },
  HUB_NOT_FOUND: {
    meaning: 'The hub does not have the repository, the revision or the file.',
    remedy: 'Check OWNER/NAME and --revision; a private repository is only found with its token in HF_TOKEN.',
  },
  HUB_UNREACHABLE: {
    meaning: 'The hub did not answer, cut the line again and again, or answered with an error of its own.',
    remedy: 'Check the network and HF_ENDPOINT, and run the same command again: it continues where it stopped.',
  },
  HUB_LISTING: {
    meaning: 'What the hub says of the repository makes no sense, or names files outside of it.',
    remedy: 'Check that HF_ENDPOINT is a hub, and do not trust one that lists such files.',
  },
  HUB_CHECKSUM: {
    meaning: 'A file came twice with another content than the hub announced; it was thrown away.',
    remedy: 'Something on the way changes files: try another network, or another mirror in HF_ENDPOINT.',
  },
  HUB_WRITE: {
    meaning: 'A downloaded file could not be written.',
    remedy: 'Choose a folder with --output that this user may write to.',
  },
  DISK_FULL: {
    meaning: 'The disk, or the quota on it, is full.',
    remedy: 'Free some space, or choose a folder on another disk; what was there before is unchanged.',
  },
} as const satisfies Record<string, ErrorEntry>;
