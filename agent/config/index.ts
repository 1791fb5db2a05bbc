/** The agent's configuration: what can be set, where it is read from, and how its errors are told. */
import { mapDeclared } from '../../src/yaml/index.js';
import { type AgentConfig, configSchema } from './keys.js';

export { type DeclaredKey, type KeyNotes, listKeys } from '../../src/yaml/index.js';
export { type ConfigLayers, changedKeys, layeredConfig, merged } from './change.js';
export { type AgentConfig, configSchema, type MqttConfig, type SourceConfig } from './keys.js';
export { checkConfig, readConfig, readConfigText } from './read.js';

/** The configuration as it may be shown: secrets are replaced by `***`. */
export function shownConfig(config: AgentConfig): Record<string, unknown> {
  return mapDeclared(configSchema, config, (value, notes) =>
    notes.secret && value !== undefined ? '***' : value,
  ) as Record<string, unknown>;
}

/** The secrets that stand in a configuration itself. */
export function secretsOf(config: AgentConfig): string[] {
  const secrets: string[] = [];
  mapDeclared(configSchema, config, (value, notes) => {
    if (notes.secret && typeof value === 'string') secrets.push(value);
    return value;
  });
  return secrets;
}
