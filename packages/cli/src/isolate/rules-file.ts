import { devScriptPatterns } from './modes.ts';

/** The text of `omnid-rules.toml`: a rule for each pattern, and one for the mark that `omnictl run` sets. */
export function rulesFile(): string {
  const patterns = devScriptPatterns.map((pattern) => rule(pattern, 'cmdline', commandPattern(pattern)));
  const mark = rule('OMNIMIND_DEV_SCRIPT_MODE', 'environment', 'OMNIMIND_DEV_SCRIPT_MODE=true');
  return `# Rules of omnid: what one of them matches is protected without a registration. They belong into omnid.toml, at its end.
# cmdline: a regular expression for the command line, its words joined by spaces: the match begins in what runs.
# environment: a variable, and a regular expression for its whole value.
${[...patterns, mark].join('')}`;
}

function rule(name: string, key: string, pattern: string): string {
  return `\n[[rule]]\nname = ${JSON.stringify(name)}\n${key} = '${pattern}'\n`;
}

/** A Python is called python3, or python3.11. */
function commandPattern(pattern: string): string {
  return escapeRegExp(pattern).replace(/^python /, String.raw`python[\d.]* `);
}

/** Only what means something in a regular expression: the rules are read by people. */
function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
