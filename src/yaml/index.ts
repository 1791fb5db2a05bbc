/** YAML files that people write: keys declared once with their notes, and errors that name file, line and key. */
export { type CheckedYaml, checkYaml } from './check.js';
export {
  childrenOf,
  type DeclaredKey,
  type KeyNotes,
  key,
  listKeys,
  mapDeclared,
  notesOf,
  schemaAt,
} from './declare.js';
export { type Problem, problemsOf } from './problem.js';
