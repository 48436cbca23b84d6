import { createHash } from 'node:crypto';

const sealed = /^# Written by 'omnictl isolate[^']*'; the rest has the SHA-256 ([0-9a-f]{64})\.\n/;

/**
 * Puts a first line before a file's text by which it is known again, and known to be as it was written.
 *
 * @param command that writes it, as `isolate test`
 * @param text whose language takes `#` for a comment
 */
export function seal(command: string, text: string): string {
  return `# Written by 'omnictl ${command}'; the rest has the SHA-256 ${digest(text)}.\n${text}`;
}

/** Who wrote a file: `isolate`, and nobody since; `isolate`, and a person has changed it; or a person alone. */
export type Author = 'isolate' | 'changed' | 'person';

/** @param text of the whole file */
export function authorOf(text: string): Author {
  const match = sealed.exec(text);
  if (match === null) return 'person';
  return match[1] === digest(text.slice(match[0].length)) ? 'isolate' : 'changed';
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
