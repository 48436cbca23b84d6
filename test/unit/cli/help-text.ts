import type { Command } from 'commander';

/** The whole help text of a command, with what stands after it. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** The lines under "Examples:", as they would be run. */
export function examplesOf(help: string): readonly string[] {
  const lines = help.split('\n');
  const start = lines.indexOf('Examples:') + 1;
  if (start === 0) return [];
  const length = lines.slice(start).findIndex((line) => !line.startsWith('  '));
  return lines.slice(start, length === -1 ? undefined : start + length).map((line) => line.trim());
}
