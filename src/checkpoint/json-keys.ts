/** JSON.parse silently keeps the last of two equal keys; two readers could then see two different files. */

/** The first key that an object in `text` (valid JSON) holds twice; undefined where every key is unique. */
export function duplicateKey(text: string): string | undefined {
  /** Keys seen in each open object; `undefined` for an open list. */
  const open: (Set<string> | undefined)[] = [];
  let keyComes = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{') {
      open.push(new Set());
      keyComes = true;
    } else if (character === '[') {
      open.push(undefined);
      keyComes = false;
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ',') {
      keyComes = open.at(-1) !== undefined;
    } else if (character === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      const keys = open.at(-1);
      if (!keyComes || keys === undefined) continue;
      const key: string = JSON.parse(text.slice(start, i + 1));
      if (keys.has(key)) return key;
      keys.add(key);
      keyComes = false;
    }
  }
  return undefined;
}
