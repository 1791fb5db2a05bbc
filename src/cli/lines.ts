/** Text lines of a stream, one a record, empty ones too. */
import type { Readable } from 'node:stream';

/**
 * Yields every line of UTF-8 text as it comes, ended by LF, CRLF or CR; the last one need not be. Invalid bytes are replaced.
 * Ends early, and closes the stream, when `stopped` aborts.
 */
export async function* linesOf(stream: Readable, stopped: AbortSignal): AsyncGenerator<string> {
  const close = () => stream.destroy();
  stopped.addEventListener('abort', close);
  const decoder = new TextDecoder();
  let open = '';
  let afterCr = false;
  try {
    for await (const chunk of stream) {
      const text = decoder.decode(chunk, { stream: true });
      if (text === '') continue; // part of a character
      const lines = text.slice(afterCr && text.startsWith('\n') ? 1 : 0).split(/\r\n|\n|\r/);
      afterCr = text.endsWith('\r');
      lines[0] = open + lines[0];
      open = lines.pop() ?? '';
      yield* lines;
    }
    open += decoder.decode();
  } catch (error) {
    if (!stopped.aborted) throw error; // a stream that is closed early says so
  } finally {
    stopped.removeEventListener('abort', close);
  }
  if (open !== '') yield open;
}
