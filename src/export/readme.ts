/** README.md of an export: what it is, where it comes from, and what it does not do. */
import { type Manifest, runtimeVersion } from '../bundle/index.js';
import type { About } from './model-config.js';

/** A name as code on one line, whatever it holds. */
const code = (text: string) => `\`${text.replaceAll(/[`\s]+/g, ' ').trim()}\``;

export function writeReadme(manifest: Manifest, { profile, identity, version, temperature }: About): string {
  const { checkpoint, labels, head, tokenizer, noneLabel } = manifest;
  const multi = head.problem === 'multi';
  const function_ = multi ? 'sigmoid' : 'softmax';
  const rung = manifest.ladder.find((each) => each.profile === profile);
  const measured = manifest.data && rung?.accuracy !== undefined;
  return `# ${code(profile)} of ${code(checkpoint.name)}

A profile of an elastic bundle as one ONNX file, for text classification with ${labels.length} labels, written by snug ${version}.

| | |
|---|---|
| profile | ${code(profile)} |
| bundle | ${code(identity)} |
| checkpoint | ${code(checkpoint.name)}, licence ${code(checkpoint.licence ?? 'unknown')} |
| inputs | \`input_ids\`, \`attention_mask\`: int64 [batch, tokens], at most ${tokenizer.maxTokens} tokens |
| output | \`logits\`: float32 [batch, ${labels.length}] |
| temperature | ${temperature} |

\`\`\`js
import { env, pipeline } from '@huggingface/transformers';

env.localModelPath = '/the/folder/above';
const classify = await pipeline('text-classification', 'NAME_OF_THIS_FOLDER', { dtype: 'fp32', local_files_only: true });
console.log(await classify('some text'));
\`\`\`

- **Scores.** Snug's scores are the ${function_} of the logits divided by the temperature above. A runtime that does not know of it takes
  the ${function_} of the logits themselves: the same ${multi ? 'order of labels' : 'label'}, other scores.
- **Refusal is not part of this folder.** In the bundle, a text that fits no label is answered with ${code(noneLabel)}; here the best
  label is always the answer.${
    measured ? ' The accuracy that the bundle states for the profile counts refusals, so it does not hold here.' : ''
  }
- **Length.** A text with more tokens than the model reads is cut. Some tokenizers then drop the closing token, which Snug keeps.
- **Operators.** The graph uses onnxruntime's own operators (domain \`com.microsoft\`): it runs in onnxruntime and what is
  built on it, and was written for version ${runtimeVersion()}.
- **Batches.** With 8-bit weights an answer depends a little on its neighbours in a batch; the figures of the bundle are for one
  text at a time.
`;
}

/** README.md of a checkpoint folder. */
export function writeCheckpointReadme(manifest: Manifest, { profile, identity, version, temperature }: About): string {
  const { checkpoint, labels, head, noneLabel } = manifest;
  const use =
    head.kind === 'checkpoint'
      ? "AutoModelForSequenceClassification.from_pretrained('THIS_FOLDER')"
      : "SentenceTransformer('THIS_FOLDER').encode(['some text'])  # the logits";
  return `# ${code(profile)} of ${code(checkpoint.name)}

A profile of an elastic bundle as a checkpoint in float32, for text classification with ${labels.length} labels, written by snug ${version}.

| | |
|---|---|
| profile | ${code(profile)} |
| bundle | ${code(identity)} |
| checkpoint | ${code(checkpoint.name)}, licence ${code(checkpoint.licence ?? 'unknown')} |
| temperature | ${temperature} |

\`\`\`python
${use}
\`\`\`

- **Labels** stand in \`config.json\` (\`id2label\`), in the order of the logits.
- **Scores** of Snug are the softmax of the logits divided by the temperature above.
- **Refusal is not part of this folder.** In the bundle, a text that fits no label is answered with ${code(noneLabel)}.
- **Weights** are those before quantisation.
`;
}
