/** HTML and SVG out of template strings that escape what is put into them. */

/** Text that is markup already. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | readonly Markup[] | undefined;

/** Texts and numbers are escaped; markup, also in lists, goes in as it is; undefined leaves nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((whole, piece, i) => whole + textOf(parts[i - 1]) + piece));
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('\n');
  return escaped(String(part));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters and lone surrogates have no place in HTML: U+FFFD stands for them. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]).replace(/(?![\t\n])[\p{Cc}\p{Cs}]/gu, '\ufffd');
}
