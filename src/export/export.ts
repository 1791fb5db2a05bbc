/** A profile as an ONNX folder in the layout of the Hugging Face hub, as transformers.js, Optimum and onnxruntime read it. */
import { type Bundle, networkOf, openProfile } from '../bundle/index.js';
import { type Content, jsonBytes, writeExport } from './folder.js';
import { writeModelConfig } from './model-config.js';
import { writeReadme } from './readme.js';
import { readTokenizer } from './tokenizer-files.js';

export interface ExportOptions {
  /** Where to: a new or an empty folder, or one that was exported before, which is replaced. */
  readonly folder: string;
  readonly profile: string;
  /** Snug's own version. */
  readonly version: string;
}

export interface ExportResult {
  readonly folder: string;
  readonly profile: string;
  /** The bundle's identity. */
  readonly bundle: string;
  readonly labels: number;
  /** Bytes by name. */
  readonly files: Readonly<Record<string, number>>;
}

const names = {
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  readme: 'README.md',
  model: 'onnx/model.onnx',
} as const;

/**
 * Exports a profile for text classification: one `.onnx` file with its weights inside, inputs `input_ids` and `attention_mask`
 * (int64 [batch, tokens]), output `logits` (float32 [batch, labels]), with configuration and tokenizer beside it. Written beside its
 * place and renamed there.
 * @throws EXPORT_WRITE, DISK_FULL, MODEL_TOO_LARGE, PROFILE_UNKNOWN, BUNDLE_DAMAGED
 */
export function exportOnnx(bundle: Bundle, options: ExportOptions): Promise<ExportResult> {
  return exportAs(contentOf, bundle, options);
}

/** Writes what an export consists of, and tells of it. */
export async function exportAs(
  contentOf: (bundle: Bundle, options: ExportOptions) => Promise<Content>,
  bundle: Bundle,
  options: ExportOptions,
): Promise<ExportResult> {
  const files = await writeExport(bundle.folder, options.folder, () => contentOf(bundle, options));
  return {
    folder: options.folder,
    profile: options.profile,
    bundle: bundle.identity,
    labels: bundle.manifest.labels.length,
    files,
  };
}

/** The files by name. */
async function contentOf(bundle: Bundle, { profile, version }: ExportOptions): Promise<Content> {
  const { manifest, identity } = bundle;
  const { shape } = networkOf(manifest, profile);
  const tokenizer = await readTokenizer(bundle);
  const about = { profile, identity, version, temperature: manifest.calibrations[profile]?.temperature ?? 1 };
  const { source, plan, close } = await openProfile(bundle, profile, { unpadded: false });
  try {
    const model = await plan.encodeWhole(source, ['logits']);
    return [
      [names.config, jsonBytes(writeModelConfig(manifest, shape, tokenizer.padTokenId, about))],
      [names.tokenizer, Buffer.from(JSON.stringify(tokenizer.json))],
      [names.tokenizerConfig, jsonBytes(tokenizer.config)],
      [names.readme, Buffer.from(writeReadme(manifest, about))],
      [names.model, model],
    ];
  } finally {
    await close();
  }
}
