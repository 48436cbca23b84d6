/** Most names are plain: one test, and nothing is built. */
const plain = /^[ -[\]-~]*$/;

/** Controls, formats (they hide text and turn its direction), separators of lines, broken UTF-16, and our own escape. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/**
 * Makes a text of foreign origin (a process names itself) safe to show on one line of a terminal: what could move the
 * cursor, end the line or hide other text is written as `\n`, `\x1b` or `\u{202e}`; a backslash is doubled.
 */
export function escapeText(text: string): string {
  return plain.test(text) ? text : text.replace(unsafe, escapeOne);
}

function escapeOne(character: string): string {
  const known = short[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`;
}

/** JSON allows these raw; a terminal may act on them. */
const rawInJson = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Makes JSON text safe for a terminal, and leaves it the same JSON. */
export function escapeJson(json: string): string {
  return json.replace(rawInJson, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
