/** The agent's configuration as a JSON Schema, for editors: what its declaration says, with descriptions, units and examples. */
import { parse } from 'yaml';
import type { z as zod } from 'zod';
import { configSchema } from '../agent/config/index.js';
import { z } from '../src/protocol/zod.js';
import { type KeyNotes, notesOf } from '../src/yaml/index.js';

/** Draft 7: what the YAML language servers of editors know best. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const notes = zodSchema instanceof z.ZodType ? notesOf(zodSchema) : undefined;
      if (notes === undefined) return;
      const { description, unit, example } = notes;
      jsonSchema.description = unit === undefined ? description : `${description} Unit: ${unit}.`;
      jsonSchema.examples = [asWritten(zodSchema as unknown as zod.ZodType, example)];
    },
  });
  const { $schema, ...rest } = schema;
  return { $schema, title: 'Configuration of snug agent', ...rest };
}

/** A list among the examples is written as it would stand in YAML. */
function asWritten(schema: zod.ZodType, example: KeyNotes['example']): KeyNotes['example'] {
  return typeof example !== 'string' || schema.safeParse(example).success ? example : parse(example);
}
