/**
 * The part of a help text that shows how a verb is used. Each line runs as it stands, in a shell; a test runs them all.
 *
 * @param lines commands; a comment may follow after two spaces
 */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
