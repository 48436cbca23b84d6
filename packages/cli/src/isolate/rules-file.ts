import { devScriptPatterns } from './modes.ts';

/** The text of `omnid-rules.toml`: a rule for each pattern, and one for the mark that `omnictl run` sets. */
export function rulesFile(): string {
  const patterns = devScriptPatterns.map((pattern) => rule(pattern, 'cmdline', escapeRegExp(pattern)));
  const mark = rule('OMNIMIND_DEV_SCRIPT_MODE', 'environment', '^OMNIMIND_DEV_SCRIPT_MODE=true$');
  return `# Rules of omnid: what one of them matches is protected without a registration. They belong into omnid.toml, at its end.
# cmdline: a regular expression for the command line, its words joined by spaces. environment: for one NAME=value.
${[...patterns, mark].join('')}`;
}

function rule(name: string, key: string, pattern: string): string {
  return `\n[[rule]]\nname = ${JSON.stringify(name)}\n${key} = '${pattern}'\n`;
}

/** Only what means something in a regular expression: the rules are read by people. */
function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
