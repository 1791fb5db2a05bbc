/** A process of its own that loads a profile, answers a text, and prints the answer: `load-child.ts BUNDLE`. */
import { load } from '../../src/infer/index.js';

const [, , bundle] = process.argv;
const model = await load(bundle);
process.stdout.write(JSON.stringify(await model.predict(['turn off the light'])));
await model.close();
