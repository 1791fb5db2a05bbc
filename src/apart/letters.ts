/** What goes between a process and the one that works for it. */

export type Down = { readonly task: unknown } | { readonly word: unknown };

export type Up =
  | { readonly said: unknown }
  | { readonly end: 'done' }
  | { readonly end: 'failed'; readonly code: string; readonly message: string; readonly remedy: string };
