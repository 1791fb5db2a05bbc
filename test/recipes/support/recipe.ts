/** The recipes of docs/recipes.md, taken from the page, and an agent that runs one of them. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { startProgram } from '../../agent/support/agent-program.js';
import { plainDoor } from '../../agent/support/agent-rig.js';
import { brokerKinds, freePort, temporaryFolder } from '../../agent/support/brokers.js';
import { type Feed, watch } from '../../agent/support/mosquitto-tools.js';
import { textOf } from '../../house/tree.js';

const bundle = resolve('examples/clinc150/bundle');
const [, mosquitto] = brokerKinds;

/** Name → YAML, as it stands on the page. */
export const recipes: ReadonlyMap<string, string> = new Map(
  [...textOf('docs/recipes.md').matchAll(/<!-- recipe: (\w+) -->\n```yaml\n(.*?)```/gs)].map(([, name, yaml]) => [
    name,
    yaml,
  ]),
);

export type Change = readonly [from: string, to: string];

export interface Kitchen {
  readonly folder: string;
  readonly feed: Feed;
  /** All predictions of a source so far. */
  readonly predictions: (source: string) => Feed['messages'][number]['payload'][];
  readonly said: () => string;
}

/** Starts a broker, and an agent with the recipe, with what the test needs in the place of the recipe's own; waits until it is online. */
export async function cook(
  t: ExecutionContext,
  name: string,
  prepare: (folder: string) => readonly Change[] | Promise<readonly Change[]>,
): Promise<Kitchen> {
  const folder = await temporaryFolder(t);
  const port = await freePort();
  const config = await place(folder, port, name, await prepare(folder));
  await mosquitto.start(t, { port });
  const feed = await watch(t, plainDoor(port), `snug/v1/${deviceOf(name)}/#`);
  const { said } = startProgram(t, config);
  await feed.until(
    () => feed.of('/status').some(({ state }) => state === 'online'),
    () => `online; ${said()}`,
  );
  return { folder, feed, said, predictions: predictionsOf(feed) };
}

export function deviceOf(name: string): string {
  return parse(recipes.get(name) ?? '').device;
}

function predictionsOf(feed: Feed): Kitchen['predictions'] {
  return (source) => feed.of(`/result/${source}`).flatMap((payload) => payload.predictions);
}

/** Writes the recipe with bundle, broker and state folder of the test, and its changes; each must have something to change. */
export async function place(
  folder: string,
  port: number,
  name: string,
  changes: readonly Change[] = [],
): Promise<string> {
  const own: Change[] = [
    ['bundle: ./bundle', `bundle: ${bundle}`],
    ['url: mqtt://127.0.0.1:1883', `url: mqtt://127.0.0.1:${port}`],
  ];
  const recipe = recipes.get(name);
  if (recipe === undefined) throw new Error(`docs/recipes.md has no recipe ${name}`);
  let yaml = recipe.replace('stateDir: /var/lib/snug\n', '');
  for (const [from, to] of [...own, ...changes]) {
    if (yaml.split(from).length !== 2) throw new Error(`recipe ${name}: '${from}' does not stand in it once`);
    yaml = yaml.replace(from, () => to);
  }
  const config = join(folder, 'snug.yaml');
  await writeFile(config, `${yaml}stateDir: ${join(folder, 'state')}\n`);
  return config;
}
